import { chmod, rm } from 'node:fs/promises';
import type { Server } from 'node:http';
import { AppError } from '../../errors/app-error.ts';

/** What systems allow for a socket's path, with room to spare: 104 on macOS, 108 on Linux. */
const maxSocketPathBytes = 100;

const closingPatienceMs = 1_000;

/**
 * Listens on a unix socket that only this user may open, or on a Windows named pipe. A file that is in the way is
 * taken for a dead worker's and is removed: whoever calls this knows that no other one listens there.
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
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    // Born private: between listening and chmod somebody else could connect. The mask is the whole process's, so
    // it must be back before anything else runs; the socket's file is made within the call.
    const umask = isPipe ? null : process.umask(0o177);
    try {
      server.listen(socketPath, () => {
        server.off('error', reject);
        resolve();
      });
    } finally {
      if (umask !== null) process.umask(umask);
    }
  });
  if (!isPipe) await chmod(socketPath, 0o600);
}

/** Stops listening, which removes the socket; whoever does not hang up within a second is cut off. */
export async function closeServer(server: Server): Promise<void> {
  if (!server.listening) return;
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const cutOff = setTimeout(() => server.closeAllConnections(), closingPatienceMs);
  await closed;
  clearTimeout(cutOff);
}
