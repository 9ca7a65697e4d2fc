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
import { type SilenceWatch, watchSilence } from './watch-silence.ts';

/** One SSH connection that is up, and is told of when it no longer is. */
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

/** The other side said nothing for so long that the connection counts as lost. */
export class SilentError extends Error {
  override readonly name = 'SilentError';
}

const goodbyeMs = 300;

/** @throws as `openRoute`. */
export async function openClientTransport(
  parts: DialOptions,
): Promise<{ readonly line: SshTransport; readonly client: Client }> {
  const route = await openRoute(parts);
  const client = await shakeHands(parts, route.stream, route.close);
  const line = watchTransport(route, parts.keepaliveMs, () => client.end());
  client.on('error', line.lose);
  client.on('end', line.loseQuietly);
  client.on('close', line.loseQuietly);
  return { line, client };
}

/**
 * A connection of its own for files, so that short questions never stand in line behind them.
 *
 * @throws as `openRoute`; AppError `host-refused` when the host gives no SFTP.
 */
export async function openSftpTransport(
  parts: DialOptions,
): Promise<{ readonly line: SshTransport; readonly sftp: SFTPWrapper }> {
  const handshake = await prepareHandshake(parts);
  const route = await openRoute(parts);
  const ignore = () => {};
  const client = new SftpClient('cosmos', { error: ignore, end: ignore, close: ignore });
  const ready = route.stream.destroyed
    ? Promise.reject(new Error('the connection was closed'))
    : client.connect(handshake.config(route.stream, parts.keepaliveMs)).catch((error: unknown) => {
        // A connection that breaks at that moment looks the same, but for its stream.
        throw !route.stream.destroyed && isNoSftp(error) ? noSftp(parts, error) : error;
      });
  const sftp = await guardHandshake(parts, handshake, route.close, ready);
  const line = watchTransport(route, parts.keepaliveMs, () => void client.end().catch(ignore));
  client.on('error', line.lose);
  for (const event of ['end', 'close']) {
    client.on(event, line.loseQuietly);
    sftp.on(event, line.loseQuietly);
  }
  return { line, sftp };
}

interface WatchedTransport extends SshTransport {
  lose(reason: Error): void;
  loseQuietly(): void;
}

function watchTransport(route: SshRoute, keepaliveMs: number, sayGoodbye: () => void): WatchedTransport {
  const lost = new AbortController();
  const ended = new Promise<void>((resolve) => {
    if (route.stream.destroyed) resolve();
    else route.stream.once('close', () => resolve());
  });
  const watch: SilenceWatch = watchSilence(
    () => route.stream.bytesRead,
    keepaliveMs,
    (seconds) => lose(new SilentError(`no answer for ${seconds} s`)),
  );
  const lose = (reason: Error) => {
    watch.stop();
    lost.abort(reason);
    route.close();
  };
  if (route.stream.destroyed) lose(new Error('the connection was closed'));
  return {
    lost: lost.signal,
    ended,
    lose,
    loseQuietly: () => lose(new Error('the connection was closed')),
    get isSuspicious() {
      return watch.isSuspicious();
    },
    close: (reason) => {
      if (lost.signal.aborted) return;
      watch.stop();
      lost.abort(reason);
      const timer = setTimeout(route.close, goodbyeMs);
      void ended.then(() => {
        clearTimeout(timer);
        route.close();
      });
      sayGoodbye();
    },
  };
}

function isNoSftp(error: unknown): boolean {
  return /unable to start subsystem|received exit code/i.test(messageOf(error));
}

function noSftp({ target }: DialOptions, cause: unknown): AppError {
  return new AppError({
    code: 'host-refused',
    message: `${titleOf(target)} gives no SFTP, which files travel by.`,
    nextStep: 'Its sshd_config needs the line: Subsystem sftp internal-sftp',
    cause,
  });
}
