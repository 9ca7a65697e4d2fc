import { AppError } from '../../errors/app-error.ts';

/** A folder that files are made in. */
export interface WrittenFolder {
  /** What it is called in messages: `checkpoint folder`. */
  readonly what: string;
  /** Absolute. */
  readonly path: string;
  /** How another one is chosen: a sentence. */
  readonly nextStep: string;
}

/** Why a folder cannot be written. */
export interface Unwritable {
  readonly isFull: boolean;
  /** The end of a sentence about the folder. */
  readonly reason: string;
}

/** What a run ends with before it begins, and what `doctor` says of it. */
export function unwritableError({ what, path, nextStep }: WrittenFolder, found: Unwritable): AppError {
  const message = `The ${what} ${path} cannot be used: ${found.reason}.`;
  if (!found.isFull) return new AppError({ code: 'usage-invalid', message, nextStep });
  const other = `${nextStep.charAt(0).toLowerCase()}${nextStep.slice(1)}`;
  return new AppError({ code: 'disk-full', message, nextStep: `Free some space there, or ${other}` });
}

/** @param flag - That it is chosen with. */
export function outputFolder(path: string, flag: string): WrittenFolder {
  return { what: 'output folder', path, nextStep: `Choose another one with ${flag}.` };
}
