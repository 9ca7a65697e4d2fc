import { createHash } from 'node:crypto';
import { lstat, mkdir } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { AppError } from '../../errors/app-error.ts';

/** Longest path of a unix socket that every system takes, in bytes. */
const maxSocketPathBytes = 100;

/**
 * Where a worker listens: a unix socket at `own`, in a folder of this user's for temporary files when that path is
 * too long for a socket, a named pipe on Windows.
 */
export function socketPathFor(own: string): string {
  const name = `cosmos-${createHash('sha256').update(own).digest('hex').slice(0, 16)}`;
  if (process.platform === 'win32') return `\\\\.\\pipe\\${name}`;
  return Buffer.byteLength(own) <= maxSocketPathBytes ? own : join(temporaryFolder(), `${name}.sock`);
}

/**
 * Makes sure that no other user can have put a socket at a path of {@link socketPathFor}: all users may write to the
 * folder for temporary files, so the folder inside it must be this user's alone.
 *
 * @throws AppError `worker-failed` when it is not.
 */
export async function assertSocketIsPrivate(socketPath: string): Promise<void> {
  const folder = temporaryFolder();
  if (process.platform === 'win32' || dirname(socketPath) !== folder) return;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const found = await lstat(folder);
  if (found.isDirectory() && found.uid === userInfo().uid && (found.mode & 0o077) === 0) return;
  throw new AppError({
    code: 'worker-failed',
    message: `${folder} is not a folder of yours alone, so a worker cannot be trusted there.`,
    nextStep: 'Remove it, or choose a shorter remote_root under [hosts.local].',
  });
}

function temporaryFolder(): string {
  return join(tmpdir(), `cosmos-${userInfo().uid}`);
}
