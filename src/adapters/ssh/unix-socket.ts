import type { ClientChannel } from 'ssh2';
import { isChannelRefusal, isForbidden } from './channel-refusal.ts';
import { ChannelStream } from './channel-stream.ts';
import type { LiveConnection } from './connection.ts';
import { explainRefusal, forwardsToNoSocket } from './refused-socket.ts';

/**
 * A stream to a unix socket on the host. The connection counts as in use until the stream is closed.
 *
 * @throws AppError `host-refused` when sshd forwards to no socket; SocketRefusedError when nobody answers there.
 */
export async function openSocket(
  connection: LiveConnection,
  socketPath: string,
  signal: AbortSignal,
): Promise<ChannelStream> {
  const channel = await openChannel(connection, socketPath, signal).catch(async (error: unknown) => {
    if (!isChannelRefusal(error)) throw error;
    throw isForbidden(error)
      ? forwardsToNoSocket(connection.target, socketPath)
      : await explainRefusal(connection, socketPath);
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
