import { unwritableError, type WrittenFolder } from '../../core/run/written-folder.ts';
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
    const found = await sources.whyUnwritable(folder.path);
    if (found !== null) throw unwritableError(folder, found);
  }
}
