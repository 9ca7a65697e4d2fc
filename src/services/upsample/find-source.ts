import { hash } from 'node:crypto';
import { type SpecFailure, specFailure } from '../../core/run/failure.ts';
import { enrichingRunOf } from '../../core/spec/enrich.ts';
import { parseSpecFile } from '../../core/spec/parse-spec.ts';
import type { PromptSpec } from '../../core/spec/prompt-spec.ts';
import { elementBytes } from '../../core/spec/spec-collection.ts';
import { type PlannedSpec, sourceFileOf } from '../../core/upsample/upsample-plan.ts';
import { messageOf } from '../../errors/app-error.ts';
import { isSystemError } from '../../errors/system-error.ts';
import type { SpecStore } from '../../ports/spec-store.ts';
import type { RunBasis } from './upsample-types.ts';

/** A planned spec's file, as it is now. */
interface SpecSource {
  readonly path: string;
  readonly text: string;
  readonly spec: PromptSpec;
  /** True when this run has already written the enriched spec over it, and died before it could note that. */
  readonly isWrittenBack: boolean;
}

type FoundSource =
  | { readonly isFound: true; readonly source: SpecSource }
  | { readonly isFound: false; readonly isGone: boolean; readonly failure: SpecFailure };

/** Reads a planned spec's file, or says what it means for the spec that it is gone or not the planned one any more. */
export async function findSource(
  planned: PlannedSpec,
  run: RunBasis,
  specs: Pick<SpecStore, 'outputPath' | 'read' | 'readCollection'>,
): Promise<FoundSource> {
  const path = specs.outputPath(run.checkpoint.input_root, sourceFileOf(planned));
  let bytes: Uint8Array | null;
  try {
    bytes = await readPlanned(planned, path, specs);
  } catch (error) {
    // A file that has grown too large for a spec is not the planned one any more.
    if (error instanceof RangeError)
      return changed(`${planned.spec} is no longer the file that was planned.`);
    if (!isSystemError(error)) throw error;
    return changed(`${planned.spec} can no longer be read: ${messageOf(error)}.`);
  }
  const parsed = bytes === null ? null : parseSpecFile(bytes);
  if (bytes !== null && parsed?.isValid) {
    const { text, spec } = parsed;
    const isPlanned = hash('sha256', bytes, 'hex') === planned.sha256;
    const isWrittenBack = !isPlanned && enrichingRunOf(spec)?.runId === run.runId;
    if (isPlanned || isWrittenBack) return { isFound: true, source: { path, text, spec, isWrittenBack } };
  }
  return changed(`${planned.spec} is no longer the file that was planned.`, bytes === null);
}

/** The bytes of a planned spec, wherever it lies; null when it is gone. Throws what reading does. */
export async function readPlanned(
  { element }: Pick<PlannedSpec, 'element'>,
  path: string,
  specs: Pick<SpecStore, 'read' | 'readCollection'>,
): Promise<Uint8Array | null> {
  if (element === undefined) return await specs.read(path);
  const collection = await specs.readCollection(path);
  return collection && elementBytes(collection, element);
}

function changed(message: string, isGone = false): FoundSource {
  return { isFound: false, isGone, failure: specFailure('spec-changed', message) };
}
