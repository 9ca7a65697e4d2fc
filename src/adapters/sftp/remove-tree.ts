import { posix } from 'node:path';
import pMap from 'p-map';
import type { SftpSession } from './sftp-session.ts';

/** Removals on their way at once. */
const removalsAtOnce = 32;

/**
 * Removes a file, or a folder with all that is in it. A link is removed and never followed, neither at the top nor
 * below it. What is gone already is no error.
 */
export async function removeTree(session: SftpSession, path: string): Promise<void> {
  const found = await session.lstat(path);
  if (found?.isDirectory()) await removeFolder(session, path);
  else if (found) await session.remove(path);
}

async function removeFolder(session: SftpSession, folder: string): Promise<void> {
  const entries = await session.list(folder);
  const folders = entries.filter(({ attrs }) => attrs.isDirectory());
  const others = entries.filter(({ attrs }) => !attrs.isDirectory());
  const remove = ({ filename }: { readonly filename: string }) =>
    session.remove(posix.join(folder, filename));
  await pMap(others, remove, { concurrency: removalsAtOnce });
  // Each is queried again: what was a folder when it was listed may be a link by now.
  for (const { filename } of folders) await removeTree(session, posix.join(folder, filename));
  await session.removeFolder(folder);
}
