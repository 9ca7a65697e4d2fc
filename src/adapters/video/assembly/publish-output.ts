import { link, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isErrno } from '../../../errors/system-error.ts';
import type { AssemblyRequest, VerifiedVideo } from '../../../ports/video-tool.ts';
import { syncFolder } from '../../files/publish-file.ts';
import { outputExists } from './assembly-errors.ts';
import { type AssemblyPaths, removeDone } from './assembly-folder.ts';

/** Whether an earlier call gave the verified video its name; what that call left is removed then. */
export async function hasItsName(
  { outputPath }: AssemblyRequest,
  paths: AssemblyPaths,
  { sizeBytes }: VerifiedVideo,
): Promise<boolean> {
  const [output, part] = await Promise.all([identityOf(outputPath), identityOf(paths.part)]);
  if (output?.size !== BigInt(sizeBytes)) return false;
  // A file that still has both names is of a call that was killed between adding the one and removing the other.
  if (part && (part.ino !== output.ino || part.dev !== output.dev)) return false;
  await rm(paths.part, { force: true });
  await removeDone(paths);
  return true;
}

/**
 * Gives the part file, just verified, the output's name.
 *
 * @throws AppError `output-exists` when that name is taken and may not be replaced.
 */
export async function publishOutput(
  { outputPath, mayReplace }: AssemblyRequest,
  paths: AssemblyPaths,
): Promise<void> {
  if (mayReplace) await rename(paths.part, outputPath);
  else await giveFreeName(paths.part, outputPath);
  await syncFolder(dirname(paths.part));
  await removeDone(paths);
}

/** A rename replaces whatever is there; a second name is refused where the name is taken, without a moment between. */
async function giveFreeName(part: string, outputPath: string): Promise<void> {
  try {
    await link(part, outputPath);
  } catch (error) {
    if (isErrno(error, 'EEXIST')) throw outputExists(outputPath);
    // Not every file system knows second names.
    if (await identityOf(outputPath)) throw outputExists(outputPath);
    await rename(part, outputPath);
    return;
  }
  await syncFolder(dirname(part));
  await rm(part, { force: true });
}

async function identityOf(path: string) {
  return await stat(path, { bigint: true }).catch(() => null);
}
