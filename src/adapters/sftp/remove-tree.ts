import { posix } from 'node:path';
import type { SftpSession } from './sftp-session.ts';

/** Removes a file, or a folder with all that is in it; follows no link. What is gone already is no error. */
export async function removeTree(session: SftpSession, path: string): Promise<void> {
  for (const { filename, attrs } of await session.list(path)) {
    if (filename === '.' || filename === '..') continue;
    const inside = posix.join(path, filename);
    if (attrs.isDirectory()) await removeTree(session, inside);
    else await session.remove(inside);
  }
  await session.removeFolder(path);
}
