import { posix } from 'node:path';
import type { Stats } from 'ssh2';
import { AppError } from '../../errors/app-error.ts';
import { layout } from '../../protocol/layout.ts';
import { listSlotContainers } from '../docker/containers.ts';
import type { DockerClient } from '../docker/docker-client.ts';
import type { RemoteFiles } from '../sftp/remote-files.ts';
import type { SftpSession } from '../sftp/sftp-session.ts';

/** Longest path of a unix socket that every system takes, in bytes. */
const maxSocketPathBytes = 100;

/** The user of the container's program where the SSH user is root: a user id that the host does not know. */
const unprivilegedId = 65_532;

const folders: readonly string[] = [layout.objects, layout.incoming, layout.runs, layout.slots, layout.cache];

/** The machine of a root, as far as it matters here. */
interface RootMachine {
  readonly docker: DockerClient;
  readonly files: RemoteFiles;
  root(): Promise<string>;
}

/** The user and group that own what the workers of a host write. */
export interface RootOwner {
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
 * Makes the root's folders. Safe to repeat.
 *
 * No other user of the host may pass through the root: containers own the folders below it, and could leave programs there
 * that run as their user, for others to start. A root that is open is closed where it holds nothing but what cosmos made.
 *
 * @returns who owns what the workers write.
 *
 * @throws AppError `host-refused` where one of them is a link.
 */
export async function makeRoot(machine: RootMachine): Promise<RootOwner> {
  const path = await machine.root();
  const found = await machine.files.step((session) => makeFolders(session, path));
  if (found && isOpenToOthers(found) && (found.uid !== 0 || (await isIdle(machine, path))))
    await machine.files.step((session) => closeRoot(session, path, found.mode));
  return workerUserOf(found);
}

/** Whether others than its owner can reach what is below a folder. */
export function isOpenToOthers({ mode }: { readonly mode: number }): boolean {
  return (mode & 0o077) !== 0;
}

/** Containers of earlier versions that run as another user than the root's owner have to pass through it. */
async function isIdle(machine: RootMachine, path: string): Promise<boolean> {
  const containers = await listSlotContainers(machine.docker, path).catch(() => null);
  return containers?.some(({ isRunning }) => isRunning) === false;
}

async function makeFolders(session: SftpSession, path: string): Promise<Stats | null> {
  await session.makeFolder(path);
  const below = folders.map((folder) => posix.join(path, folder));
  await Promise.all(below.map((folder) => session.makeFolder(folder)));
  const [found] = await Promise.all([session.stat(path), session.refuseLinks(below)]);
  const owner = workerUserOf(found);
  if (found?.uid === 0) await Promise.all(below.map((folder) => changeOwner(session, folder, owner)));
  return found;
}

async function closeRoot(session: SftpSession, path: string, mode: number): Promise<void> {
  const others = await session.list(path, ({ name }) => (folders.includes(name) ? null : name));
  if (others.length > 0) return;
  // Those of another user's folder cannot be changed; "cosmos doctor" says so.
  await session.changeMode(path, mode & 0o700).catch(() => undefined);
}

/** Gives a folder of root to the workers. They may only read uploads: a link in there could lead root's writes elsewhere. */
async function changeOwner(session: SftpSession, folder: string, { uid, gid }: RootOwner): Promise<void> {
  const isForReading = posix.basename(folder) === layout.incoming;
  await session.changeOwner(folder, isForReading ? 0 : uid, gid);
  if (isForReading) await session.changeMode(folder, 0o710);
}

/** The user that workers run as in a root with this owner: containers never run as root, even where the SSH user is root. */
export function workerUserOf(root: RootOwner | null): RootOwner {
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
