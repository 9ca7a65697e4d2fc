import { once } from 'node:events';
import { chmod, rm, stat } from 'node:fs/promises';
import { request, type Server } from 'node:http';
import { settlesWithin } from '../../async/deadline.ts';
import { AppError } from '../../errors/app-error.ts';

/** What systems allow for a socket's path, with room to spare: 104 on macOS, 108 on Linux. */
const maxSocketPathBytes = 100;
const closeTimeoutMs = 1_000;
const answerTimeoutMs = 2_000;

/**
 * Listens on a unix socket that only this user may open, or on a Windows named pipe. A file that is in the way is
 * taken for a dead worker's and is removed: the caller has made sure that no process listens there.
 *
 * @throws AppError `usage-invalid` when the path is too long for the system.
 */
export async function listenPrivately(server: Server, socketPath: string): Promise<void> {
  const isPipe = process.platform === 'win32';
  if (!isPipe && Buffer.byteLength(socketPath) > maxSocketPathBytes) {
    throw new AppError({
      code: 'usage-invalid',
      message: `The socket's path is longer than ${maxSocketPathBytes} bytes: ${socketPath}`,
      nextStep: 'Give a shorter one with --socket, or use a shorter root folder.',
    });
  }
  if (!isPipe) await rm(socketPath, { force: true });
  const listening = once(server, 'listening');
  // Born private: between listening and chmod another user could connect. The mask is the whole process's, so it
  // must be back before anything else runs; the socket's file is made within the call.
  const umask = isPipe ? null : process.umask(0o177);
  try {
    server.listen(socketPath);
  } finally {
    if (umask !== null) process.umask(umask);
  }
  await listening;
  if (!isPipe) await chmod(socketPath, 0o600);
}

/** Stops listening, which removes the socket; clients that do not hang up within a second are cut off. */
export async function closeServer(server: Server): Promise<void> {
  if (!server.listening) return;
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  if (!(await settlesWithin(closeTimeoutMs, closed))) server.closeAllConnections();
  await closed;
}

/** Whether a process answers on this socket. A killed one does not, and neither does one that hangs. */
export async function isAnswered(socketPath: string): Promise<boolean> {
  return await new Promise((resolve) => {
    const call = request(
      { socketPath, path: '/healthz', agent: false, signal: AbortSignal.timeout(answerTimeoutMs) },
      (response) => {
        response.resume();
        resolve(response.statusCode === 200);
      },
    );
    call.once('error', () => resolve(false));
    call.end();
  });
}

/**
 * Tells a socket from another one at the same path; null when there is none. As long as a process listens on it, its
 * inode is not given to another file. Windows' pipes are not told apart.
 */
export async function identityOf(socketPath: string): Promise<string | null> {
  if (process.platform === 'win32') return socketPath;
  return await stat(socketPath, { bigint: true }).then(
    ({ dev, ino }) => `${dev} ${ino}`,
    () => null,
  );
}
