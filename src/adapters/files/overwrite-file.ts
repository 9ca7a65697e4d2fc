import { realpath, stat } from 'node:fs/promises';
import { publishFile } from './publish-file.ts';

/**
 * Writes over a file that somebody else made, as `publishFile` does: a symbolic link stays one and the file it
 * leads to is replaced, with the rights it had.
 *
 * @throws AppError `disk-full`. Errors of the system pass through, also when there is no such file.
 */
export async function overwriteFile(path: string, content: Uint8Array | string): Promise<void> {
  const real = await realpath(path);
  const { mode } = await stat(real);
  await publishFile(real, content, mode & 0o7777);
}
