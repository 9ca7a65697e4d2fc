import type { ClientChannel, SFTPWrapper, Stats } from 'ssh2';
import { AppError } from '../../errors/app-error.ts';
import { ChannelStream, isChannelRefusal, isForbidden } from './channel-stream.ts';
import type { LiveConnection } from './connection.ts';
import { addressOf, type SshTarget, titleOf } from './ssh-target.ts';

/** Why a unix socket on the host cannot be connected to. */
class SocketRefusedError extends Error {
  override readonly name = 'SocketRefusedError';
  /** `ENOENT`: it is not there; `ENOTSOCK`: it is something else; `EACCES`: this user may not use it; `ECONNREFUSED`. */
  readonly code: 'ENOENT' | 'ENOTSOCK' | 'EACCES' | 'ECONNREFUSED';

  constructor(code: SocketRefusedError['code'], message: string) {
    super(message);
    this.code = code;
  }
}

/** A line of the list of sockets has about 100 bytes. */
const mostListedBytes = 4 * 1024 * 1024;
const readBytes = 32 * 1024;

const noSuchFile = 2;
const permissionDenied = 3;

/**
 * A stream to a unix socket on the host. The connection counts as in use until the stream is closed.
 *
 * @throws AppError `host-refused` when sshd forwards to no socket; SocketRefusedError when no process listens there.
 */
export async function openSocket(
  connection: LiveConnection,
  socketPath: string,
  signal: AbortSignal,
): Promise<ChannelStream> {
  const channel = await openChannel(connection, socketPath, signal).catch(async (error: unknown) => {
    if (!isChannelRefusal(error)) throw error;
    const { target } = connection;
    if (isForbidden(error)) throw forwardsToNoSocket(target, socketPath);
    const reason = await explainRefusal(connection, socketPath);
    if (reason !== null) throw reason;
    // A process listens there, but may have started to only after sshd tried.
    return await openChannel(connection, socketPath, signal).catch((again: unknown) => {
      throw isChannelRefusal(again) ? forwardsToNoSocket(target, socketPath) : again;
    });
  });
  const leave = connection.enter();
  const stream = new ChannelStream(channel, () => connection.isAlive).once('close', leave);
  if (signal.aborted) stream.destroy();
  return stream;
}

function openChannel(
  connection: LiveConnection,
  socketPath: string,
  signal: AbortSignal,
): Promise<ClientChannel> {
  return new Promise((resolve, reject) => {
    connection.client.openssh_forwardOutStreamLocal(socketPath, (error, channel) => {
      if (error) reject(error);
      else if (signal.aborted) channel.destroy();
      else resolve(channel);
    });
  });
}

/**
 * Finds out why sshd opened no channel to a socket. sshd says "open failed" for every reason, also when it is set to
 * forward to no socket at all; the files on the host show the reason.
 *
 * @returns null when a process listens on the socket.
 */
async function explainRefusal(
  connection: LiveConnection,
  socketPath: string,
): Promise<SocketRefusedError | null> {
  const sftp = await connection.sftp();
  const user = addressOf(connection.target);
  const found = await statusOf<Stats>((done) => sftp.stat(socketPath, done));
  if (found.status === noSuchFile)
    return new SocketRefusedError('ENOENT', `there is no ${socketPath} on ${user}`);
  if (found.value && !found.value.isSocket()) {
    return new SocketRefusedError('ENOTSOCK', `${socketPath} on ${user} is not a socket`);
  }
  // A socket cannot be opened as a file, but the system checks the rights first, which are those to connect.
  const opened = await statusOf<Buffer>((done) => sftp.open(socketPath, 'r+', done));
  if (found.status === permissionDenied || opened.status === permissionDenied) {
    return new SocketRefusedError('EACCES', `${user} is not allowed to use ${socketPath}`);
  }
  if (await isListedAsListening(sftp, socketPath)) return null;
  return new SocketRefusedError('ECONNREFUSED', `no process listens on ${socketPath} on ${user}`);
}

function forwardsToNoSocket(target: SshTarget, socketPath: string): AppError {
  return new AppError({
    code: 'host-refused',
    message: `${titleOf(target)} does not forward to sockets such as ${socketPath}.`,
    nextStep:
      'Its sshd_config needs the line: AllowStreamLocalForwarding yes (and no DisableForwarding), then restart sshd.',
  });
}

/**
 * Linux lists the sockets of sshd's own network namespace: `… FLAGS TYPE STATE INODE PATH`. A socket that is not listed
 * may still belong to a container.
 */
async function isListedAsListening(sftp: SFTPWrapper, socketPath: string): Promise<boolean> {
  const listing = await readToEnd(sftp, '/proc/net/unix');
  const lines = listing.toString('utf8').split('\n');
  const isListening = (line: string) => line.split(/\s+/)[3] === '00010000';
  return lines.some(
    (line) => isListening(line) && withoutVar(line.split(' ').at(-1) ?? '') === withoutVar(socketPath),
  );
}

/** As much of a file as one is read of, from its beginning, whatever its size says; nothing where there is none. */
async function readToEnd(sftp: SFTPWrapper, path: string): Promise<Buffer> {
  const { value: handle } = await statusOf<Buffer>((done) => sftp.open(path, 'r', done));
  const chunks: Buffer[] = [];
  for (let position = 0; handle && position < mostListedBytes; ) {
    const chunk = Buffer.alloc(readBytes);
    const { value: bytesRead = 0 } = await statusOf<number>((done) =>
      sftp.read(handle, chunk, 0, readBytes, position, done),
    );
    if (bytesRead === 0) break;
    chunks.push(chunk.subarray(0, bytesRead));
    position += bytesRead;
  }
  if (handle) sftp.close(handle, () => undefined);
  return Buffer.concat(chunks);
}

/** `/var/run` is a link to `/run`. */
function withoutVar(path: string): string {
  return path.replace(/^\/var\/run\//, '/run/');
}

type Done<T> = (error: (Error & { readonly code?: number }) | null | undefined, value?: T) => void;

/** The value of an SFTP call, or the number of its status. */
async function statusOf<T>(
  call: (done: Done<T>) => void,
): Promise<{ readonly value?: T; readonly status: number }> {
  return await new Promise((resolve, reject) => {
    call((error, value) => {
      if (!error) resolve(value === undefined ? { status: 0 } : { value, status: 0 });
      else if (typeof error.code === 'number') resolve({ status: error.code });
      else reject(error);
    });
  });
}
