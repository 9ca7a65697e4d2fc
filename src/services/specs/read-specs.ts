import { type ParsedSpec, parseSpecFile } from '../../core/spec/parse-spec.ts';
import { type SpecSelection, selectionText } from '../../core/spec/select-specs.ts';
import {
  elementBytes,
  isArrayFile,
  isLinesFile,
  numbersIn,
  parseElement,
  type SpecCollection,
} from '../../core/spec/spec-collection.ts';
import { AppError, messageOf } from '../../errors/app-error.ts';
import { isSystemError } from '../../errors/system-error.ts';
import type { SpecCandidates, SpecStore } from '../../ports/spec-store.ts';

/** A spec as it was read from a file. */
interface SpecInFile {
  /** Which one of the file, from 1; null where the file is the spec. */
  readonly element: number | null;
  readonly bytes: Uint8Array;
  readonly parsed: ParsedSpec;
}

type SpecFile =
  | { readonly isRead: true; readonly only: SpecInFile }
  /** `specs` are parsed one by one: there may be very many. */
  | {
      readonly isRead: true;
      readonly only: null;
      readonly count: number;
      readonly specs: Iterable<SpecInFile>;
    }
  | { readonly isRead: false; readonly reason: string };

/** Why a file is not read that is not there. */
export const fileGone = 'the file is gone';

/** Reads a file that is a spec, or holds several: each line of a JSONL file, each element of a JSON array. */
export async function readSpecFile(
  path: string,
  store: Pick<SpecStore, 'read' | 'readCollection'>,
): Promise<SpecFile> {
  try {
    const bytes = isLinesFile(path) ? null : await store.read(path);
    if (bytes && !isArrayFile(bytes))
      return { isRead: true, only: { element: null, bytes, parsed: parseSpecFile(bytes) } };
    const collection = await store.readCollection(path);
    if (!collection) return { isRead: false, reason: fileGone };
    const { count } = collection;
    return { isRead: true, only: null, count, specs: specsIn(collection) };
  } catch (error) {
    if (!(error instanceof RangeError) && !isSystemError(error)) throw error;
    return { isRead: false, reason: `cannot be read: ${messageOf(error)}` };
  }
}

function* specsIn(collection: SpecCollection): Generator<SpecInFile> {
  for (const element of numbersIn(collection)) {
    const bytes = elementBytes(collection, element) ?? new Uint8Array();
    yield { element, bytes, parsed: parseElement(collection, element) };
  }
}

/** What a search had to leave out, a sentence each. */
export function skippedNotices({ skippedFolders, skippedFiles }: SpecCandidates): string[] {
  return [
    ...skippedFolders.map((folder) => `The folder ${folder} cannot be read and is left out.`),
    ...skippedFiles.map(([path, what]) => `${path} is ${what}, not a file, and is left out.`),
  ];
}

/** Flags leave out every spec that was found. */
export function nothingSelected(selection: SpecSelection): AppError {
  return new AppError({
    code: 'no-valid-spec',
    message: `No spec matches ${selectionText({ ...selection, limit: null })}.`,
    nextStep: 'Give specs by their paths below the input folder, by folders, or by patterns with *.',
  });
}
