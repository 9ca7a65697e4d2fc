import { stat } from 'node:fs/promises';
import { request } from 'node:http';

const answerTimeoutMs = 2_000;

/** Whether somebody answers on this socket. One who was killed does not, and neither does one who hangs. */
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
 * Tells a socket from another one at the same path; null when there is none. As long as somebody listens on it, its
 * inode is not given to another one. Windows' pipes are not told apart.
 */
export async function identityOf(socketPath: string): Promise<string | null> {
  if (process.platform === 'win32') return socketPath;
  return await stat(socketPath, { bigint: true }).then(
    ({ dev, ino }) => `${dev} ${ino}`,
    () => null,
  );
}
