import { posix } from 'node:path';
import { AppError } from '../../errors/app-error.ts';
import { layout } from '../../protocol/layout.ts';
import { refuseLinks } from '../sftp/refuse-links.ts';
import type { SftpSession } from '../sftp/sftp-session.ts';

/** Longest path of a unix socket that every system takes, in bytes. */
const maxSocketPathBytes = 100;

/** Who the container's program is where the SSH user is root: nobody that the host knows. */
const unprivilegedId = 65_532;

const folders = [layout.objects, layout.incoming, layout.runs, layout.slots, layout.cache];

/** The root folder of a host. */
export interface RemoteRoot {
  /** Absolute, without a trailing slash. */
  readonly path: string;
  /** Who owns what the workers write. */
  readonly uid: number;
  readonly gid: number;
}

/**
 * The root's absolute path.
 *
 * @throws AppError `config-invalid` when it cannot be mounted, or is too long for the sockets below it.
 */
export function rootAt(home: string, remoteRoot: string): string {
  const path = absolutePath(home, remoteRoot);
  const longest = posix.join(path, layout.run('x'.repeat(28)), layout.workerSocket(63));
  if (/[\0\n]/.test(path) || path === '/') throw invalid(remoteRoot, 'cannot be mounted into a container');
  if (Buffer.byteLength(longest) > maxSocketPathBytes) throw invalid(remoteRoot, 'is too long for sockets');
  return path;
}

/** A path of the settings on a host; a leading `~` is the SSH user's home. */
export function absolutePath(home: string, path: string): string {
  return posix.resolve(home, path === '~' ? '' : path.replace(/^~\//, ''));
}

/**
 * Makes the root's folders and says who owns them. Safe to repeat.
 *
 * @throws AppError `host-refused` where one of them is a link.
 */
export async function makeRoot(session: SftpSession, path: string): Promise<RemoteRoot> {
  await session.makeFolder(path);
  const below = folders.map((folder) => posix.join(path, folder));
  await Promise.all(below.map((folder) => session.makeFolder(folder)));
  const [found] = await Promise.all([session.stat(path), refuseLinks(session, below)]);
  const owner = workerIdOf(found);
  if (found?.uid !== 0) return { path, ...owner };
  if ((found.mode & 0o111) !== 0o111) await session.changeMode(path, (found.mode & 0o777) | 0o111);
  await Promise.all(below.map((folder) => giveAway(session, folder, owner)));
  return { path, ...owner };
}

/** A folder of root's to the workers. Uploads are theirs to read: who could write there could lead root astray. */
async function giveAway(
  session: SftpSession,
  folder: string,
  { uid, gid }: { readonly uid: number; readonly gid: number },
): Promise<void> {
  const isForReading = posix.basename(folder) === layout.incoming;
  await session.changeOwner(folder, isForReading ? 0 : uid, gid);
  if (isForReading) await session.changeMode(folder, 0o710);
}

/** Who workers run as in a root with this owner: containers do not run as root, also where the SSH user is root. */
export function workerIdOf(root: { readonly uid: number; readonly gid: number } | null): {
  readonly uid: number;
  readonly gid: number;
} {
  if (root === null || root.uid === 0) return { uid: unprivilegedId, gid: unprivilegedId };
  return { uid: root.uid, gid: root.gid };
}

function invalid(remoteRoot: string, why: string): AppError {
  return new AppError({
    code: 'config-invalid',
    message: `remote_root = ${JSON.stringify(remoteRoot)} ${why}.`,
    nextStep: 'Choose a short absolute path, or "~/.cosmos".',
  });
}
