import { AppError } from '../../errors/app-error.ts';
import type { WrittenFolder } from '../../ports/ports.ts';
import type { SourceFiles } from '../../ports/source-files.ts';

type Sources = Pick<SourceFiles, 'whyUnwritable'>;

/**
 * What cannot be written is said before anything is read or sent.
 *
 * @throws AppError `usage-invalid`, or `disk-full`, that names the first such folder, why, and what to do.
 */
export async function assertWritable(
  folders: readonly WrittenFolder[],
  { sources }: { readonly sources: Sources },
): Promise<void> {
  for (const folder of folders) {
    const refusal = await folderRefusal(folder, sources);
    if (refusal !== null) throw refusal;
  }
}

/** Why a folder cannot be written, as an error; null where it can. */
export async function folderRefusal(
  { what, path, nextStep }: WrittenFolder,
  sources: Sources,
): Promise<AppError | null> {
  const found = await sources.whyUnwritable(path);
  if (found === null) return null;
  const message = `The ${what} ${path} cannot be used: ${found.reason}.`;
  return found.isFull
    ? new AppError({ code: 'disk-full', message, nextStep: `Free some space there. Or: ${nextStep}` })
    : new AppError({ code: 'usage-invalid', message, nextStep });
}

/** @param flag - That it is chosen with. */
export function outputFolder(path: string, flag: string): WrittenFolder {
  return { what: 'output folder', path, nextStep: `Choose another one with ${flag}.` };
}
