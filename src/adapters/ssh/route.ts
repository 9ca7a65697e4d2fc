import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import ssh2, { type Client } from 'ssh2';
import { onAbort } from '../../async/abort.ts';
import { armDeadline, withDeadline } from '../../async/deadline.ts';
import { AppError, messageOf } from '../../errors/app-error.ts';
import { type ChannelRefusal, ChannelStream, isChannelRefusal, isForbidden } from './channel-stream.ts';
import { type Access, Handshake } from './handshake.ts';
import type { PromptTracker } from './prompt-tracker.ts';
import { addressOf, type SshTarget, titleOf } from './ssh-target.ts';

export interface DialOptions {
  readonly target: SshTarget;
  readonly access: Access;
  readonly prompts: PromptTracker;
  /** How often the host is asked for a sign of life. */
  readonly keepaliveMs: number;
  readonly signal: AbortSignal;
}

/** A stream to a host's SSH port, directly or through others. */
export interface SshRoute {
  readonly stream: Duplex & { readonly bytesRead: number };
  /** Closes the socket under everything, at once. */
  close(): void;
}

const handshakeTimeoutMs = 15_000;
const forwardTimeoutMs = 15_000;

/**
 * Opens the way to a host. Every machine on it is checked and logged in to like the host itself.
 *
 * @throws AppError where trying again cannot help; other errors name the machine that does not answer.
 */
export async function openRoute(options: DialOptions): Promise<SshRoute> {
  const { target, signal } = options;
  const [first = target, ...rest] = [...target.proxyJump, target];
  const socket = await connectSocket(first, signal);
  const close = () => socket.destroy();
  try {
    let stream: SshRoute['stream'] = socket;
    let here = first;
    for (const next of rest) {
      const client = await shakeHands({ ...options, target: here }, stream, close);
      stream = await forward(client, here, next, signal);
      here = next;
    }
    return { stream, close };
  } catch (error) {
    close();
    throw error;
  }
}

/** Logs in over a stream. `close` must end the stream; it is called when that fails or the time is up. */
export async function shakeHands(options: DialOptions, stream: Duplex, close: () => void): Promise<Client> {
  const handshake = await prepareHandshake(options).catch((error: unknown) => {
    close();
    throw error;
  });
  if (stream.destroyed) throw new Error('the connection was closed');
  const client = new ssh2.Client();
  const ready = new Promise<void>((resolve, reject) => {
    client.once('ready', resolve);
    client.on('error', (error: Error) => {
      if (!handshake.isMinor(error)) reject(error);
    });
    client.once('close', () => reject(new Error('the connection was closed during the handshake')));
    client.connect(handshake.config(stream, options.keepaliveMs));
  });
  await guardHandshake(options, handshake, close, ready);
  return client;
}

/** Reads keys, from an agent too, which may be slow to answer. */
export async function prepareHandshake({ target, access, signal }: DialOptions): Promise<Handshake> {
  const prepare = () => Handshake.prepare(target, access);
  return await withDeadline(handshakeTimeoutMs, 'your SSH keys could not be read', prepare, signal);
}

/** Waits for a handshake, no longer than it may take. */
export async function guardHandshake<T>(
  { prompts, signal }: DialOptions,
  handshake: Handshake,
  close: () => void,
  ready: Promise<T>,
): Promise<T> {
  let reason: unknown = null;
  const giveUp = (cause: unknown) => {
    reason = cause;
    close();
  };
  const seconds = handshakeTimeoutMs / 1000;
  const deadline = armDeadline(
    handshakeTimeoutMs,
    () => prompts.wasPromptingWithin(handshakeTimeoutMs),
    () => giveUp(new Error(`no answer to the handshake within ${seconds} s`)),
  );
  const stopListening = onAbort(signal, giveUp);
  try {
    const result = await ready;
    handshake.succeeded();
    return result;
  } catch (error) {
    close();
    throw reason ?? handshake.errorFor(error);
  } finally {
    deadline.disarm();
    stopListening();
  }
}

async function connectSocket(target: SshTarget, signal: AbortSignal): Promise<Socket> {
  const { hostname: host, port, family, connectTimeoutMs } = target;
  // Without noDelay every round trip waits 40 ms for an acknowledgement. Addresses are tried one after the other,
  // each for longer than a far host takes to answer.
  const socket = connect({ host, port, family, noDelay: true, autoSelectFamilyAttemptTimeout: 2_000 });
  // The socket's next user notices its end by itself; an error in between must not end the process.
  socket.on('error', () => {});
  try {
    const what = `${addressOf(target)} did not answer`;
    await withDeadline(connectTimeoutMs, what, () => once(socket, 'connect'), signal);
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

/** A stream from one machine to the SSH port of the next. */
async function forward(
  client: Client,
  from: SshTarget,
  to: SshTarget,
  signal: AbortSignal,
): Promise<ChannelStream> {
  let isAlive = true;
  const note = () => {
    isAlive = false;
  };
  client.on('end', note).on('close', note);
  const what = `${addressOf(from)} opened no connection to ${addressOf(to)}`;
  const openChannel = () =>
    new Promise<ChannelStream>((resolve, reject) => {
      client.once('close', () => reject(new Error('the connection was closed')));
      client.forwardOut('127.0.0.1', 0, to.hostname, to.port, (error, channel) => {
        if (error) reject(error);
        else resolve(new ChannelStream(channel, () => isAlive).on('error', () => {}));
      });
    });
  try {
    return await withDeadline(forwardTimeoutMs, what, openChannel, signal);
  } catch (error) {
    if (!isChannelRefusal(error)) throw error;
    throw refusedForward(from, what, error);
  }
}

function refusedForward(from: SshTarget, what: string, error: ChannelRefusal): Error {
  if (!isForbidden(error)) return new Error(`${what}: ${messageOf(error)}`, { cause: error });
  return new AppError({
    code: 'host-refused',
    message: `${titleOf(from)} does not forward connections, so nothing behind it can be reached.`,
    nextStep: 'Its sshd needs AllowTcpForwarding yes for your account.',
    cause: error,
  });
}
