import type { Client, SFTPWrapper } from 'ssh2';
import SftpClient from 'ssh2-sftp-client';
import { AppError, messageOf } from '../../errors/app-error.ts';
import {
  type DialOptions,
  guardHandshake,
  openRoute,
  prepareHandshake,
  type SshRoute,
  shakeHands,
} from './route.ts';
import { titleOf } from './ssh-target.ts';

/** One SSH connection that is up. */
export interface SshTransport {
  /** Whether it has been silent for so long that it may be lost already. */
  readonly isSuspicious: boolean;
  /** Aborted once the connection is gone; the reason says why. */
  readonly lost: AbortSignal;
  /** Resolves when nothing of it is left. */
  readonly ended: Promise<void>;
  /** Says goodbye and closes; at once when the other side does not answer. */
  close(reason: Error): void;
}

/** The other side was silent for so long that the connection counts as lost. */
export class SilentError extends Error {
  override readonly name = 'SilentError';
}

const goodbyeMs = 300;

/** How often the other side is asked for a sign of life, in milliseconds, unless a caller says otherwise. */
export const defaultKeepaliveMs = 5_000;

const ticksPerKeepalive = 2;
/** A connection that is alive is silent for two ticks, or three. */
const suspiciousTicks = 4;
const maxSilentTicks = 6;

/** @throws as `openRoute`. */
export async function openClientTransport(
  options: DialOptions,
): Promise<{ readonly transport: SshTransport; readonly client: Client }> {
  const route = await openRoute(options);
  const client = await shakeHands(options, route.stream, route.close);
  const transport = new RouteTransport(route, options.keepaliveMs, () => client.end());
  client.on('error', (error) => transport.lose(error));
  client.on('end', () => transport.lose());
  client.on('close', () => transport.lose());
  return { transport, client };
}

/**
 * A connection of its own for files, so that short requests never wait behind them.
 *
 * @throws as `openRoute`; AppError `host-refused` when the host offers no SFTP.
 */
export async function openSftpTransport(
  options: DialOptions,
): Promise<{ readonly transport: SshTransport; readonly sftp: SFTPWrapper }> {
  const handshake = await prepareHandshake(options);
  const route = await openRoute(options);
  const ignore = () => {};
  const client = new SftpClient('cosmos', { error: ignore, end: ignore, close: ignore });
  const ready = route.stream.destroyed
    ? Promise.reject(closedError())
    : client.connect(handshake.config(route.stream, options.keepaliveMs)).catch((error: unknown) => {
        // A connection that breaks at that moment looks the same, but for its stream.
        if (route.stream.destroyed) throw error;
        throw refusedSftp(options, error) ?? error;
      });
  const sftp = await guardHandshake(options, handshake, route.close, ready);
  const transport = new RouteTransport(route, options.keepaliveMs, () => void client.end().catch(ignore));
  client.on('error', (error: Error) => transport.lose(error));
  for (const source of [client, sftp])
    for (const event of ['end', 'close']) source.on(event, () => transport.lose());
  return { transport, sftp };
}

class RouteTransport implements SshTransport {
  readonly ended: Promise<void>;
  readonly #route: SshRoute;
  readonly #lost = new AbortController();
  readonly lost = this.#lost.signal;
  readonly #silence: SilenceWatch;
  readonly #sayGoodbye: () => void;

  constructor(route: SshRoute, keepaliveMs: number, sayGoodbye: () => void) {
    this.#route = route;
    this.#sayGoodbye = sayGoodbye;
    this.ended = new Promise((resolve) => {
      if (route.stream.destroyed) resolve();
      else route.stream.once('close', () => resolve());
    });
    this.#silence = watchSilence(
      () => route.stream.bytesRead,
      keepaliveMs,
      (seconds) => this.lose(new SilentError(`no answer for ${seconds} s`)),
    );
    if (route.stream.destroyed) this.lose();
  }

  get isSuspicious(): boolean {
    return this.#silence.isSuspicious();
  }

  lose(reason: Error = closedError()): void {
    this.#silence.stop();
    this.#lost.abort(reason);
    this.#route.close();
  }

  close(reason: Error): void {
    if (this.lost.aborted) return;
    this.#silence.stop();
    this.#lost.abort(reason);
    const timer = setTimeout(this.#route.close, goodbyeMs);
    void this.ended.then(() => {
      clearTimeout(timer);
      this.#route.close();
    });
    this.#sayGoodbye();
  }
}

interface SilenceWatch {
  /** Whether it lasts longer than it should; that is no proof that the connection is lost. */
  isSuspicious(): boolean;
  stop(): void;
}

/**
 * Calls `onSilent` when no byte arrived for three times `keepaliveMs`. Silence is counted in ticks of a timer and not
 * in time, so that a process or a machine that slept does not take its own sleep for the other side's silence.
 *
 * @param bytesRead - How many bytes arrived so far.
 * @param keepaliveMs - How often the other side is asked for a sign of life.
 */
export function watchSilence(
  bytesRead: () => number,
  keepaliveMs: number,
  onSilent: (seconds: number) => void,
): SilenceWatch {
  const tickMs = keepaliveMs / ticksPerKeepalive;
  let seen = bytesRead();
  let silentTicks = 0;
  const timer = setInterval(() => {
    const now = bytesRead();
    silentTicks = now === seen ? silentTicks + 1 : 0;
    seen = now;
    if (silentTicks < maxSilentTicks) return;
    clearInterval(timer);
    onSilent((maxSilentTicks * tickMs) / 1000);
  }, tickMs);
  return { isSuspicious: () => silentTicks >= suspiciousTicks, stop: () => clearInterval(timer) };
}

function closedError(): Error {
  return new Error('the connection was closed');
}

/** Why the host's SFTP cannot be used at all; null for what trying again may fix. */
function refusedSftp({ target }: DialOptions, cause: unknown): AppError | null {
  const message = messageOf(cause);
  if (/unable to start subsystem|received exit code/i.test(message)) {
    return new AppError({
      code: 'host-refused',
      message: `${titleOf(target)} offers no SFTP, which cosmos needs to send files.`,
      nextStep: 'Its sshd_config needs the line: Subsystem sftp internal-sftp',
      cause,
    });
  }
  if (!/packet length|unknown packet type|expected version packet/i.test(message)) return null;
  // The first four characters of the text stand where the length of a packet is read.
  const length = Number(/packet length (\d+)/i.exec(message)?.[1] ?? 0);
  const begin = Buffer.alloc(4);
  begin.writeUInt32BE(length >>> 0);
  const text = /^[\x20-\x7e]{4}$/.test(begin.toString('latin1')) ? ` (“${begin.toString('latin1')}…”)` : '';
  return new AppError({
    code: 'host-refused',
    message: `${titleOf(target)} prints text${text} where SFTP begins: a startup file of the shell does that.`,
    nextStep:
      'There, let ~/.bashrc and its like print only in interactive shells, or set in sshd_config: Subsystem sftp internal-sftp',
    cause,
  });
}
