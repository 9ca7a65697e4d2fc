import { posix } from 'node:path';
import pMap from 'p-map';
import { endless } from './list-folder.ts';
import type { SftpSession } from './sftp-session.ts';

const removalsAtOnce = 32;

/** A run's folder has a handful of folders in it, a few levels deep. */
const mostLevels = 32;
const mostFolders = 100_000;

/**
 * Removes a file, or a folder with all that is in it. A link is removed and never followed, neither at the top nor
 * below it. What is gone already is no error.
 *
 * @throws AppError `host-refused` for folders within folders without an end.
 */
export async function removeTree(
  session: Pick<SftpSession, 'lstat' | 'remove' | 'list' | 'removeFolder' | 'hostName'>,
  path: string,
  level = 0,
  folders = { left: mostFolders },
): Promise<void> {
  folders.left -= 1;
  if (level > mostLevels || folders.left < 0) throw endless(session.hostName, path);
  const found = await session.lstat(path);
  if (!found?.isDirectory()) {
    if (found) await session.remove(path);
    return;
  }
  const entries = await session.list(path, ({ name, kind }) => ({ name, isFolder: kind === 'folder' }));
  const files = entries.filter(({ isFolder }) => !isFolder);
  await pMap(files, ({ name }) => session.remove(posix.join(path, name)), { concurrency: removalsAtOnce });
  // Each is queried again: what was a folder when it was listed may be a link by now.
  for (const { name, isFolder } of entries)
    if (isFolder) await removeTree(session, posix.join(path, name), level + 1, folders);
  await session.removeFolder(path);
}
