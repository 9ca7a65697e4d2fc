import type { Duplex } from 'node:stream';
import { onAbort } from '../../async/abort.ts';
import { armDeadline } from '../../async/deadline.ts';
import { RetryWindow } from '../../async/retry-window.ts';
import { AppError, messageOf } from '../../errors/app-error.ts';
import type { Clock } from '../../ports/clock.ts';
import { attemptWork, NoProgressError, type SshAttempt } from './attempt.ts';
import type { LiveConnection } from './connection.ts';
import { Dialer } from './dialer.ts';
import { IdentityStore } from './identities.ts';
import type { AskPassphrase } from './private-key-file.ts';
import { PromptTracker } from './prompt-tracker.ts';
import { type LinkState, Reachability } from './reachability.ts';
import type { SshTarget } from './ssh-target.ts';
import { defaultKeepaliveMs } from './transport.ts';
import { openSocket } from './unix-socket.ts';
import { hostUnreachable, unreachableReason } from './unreachable.ts';

export interface SshLinkOptions {
  readonly target: SshTarget;
  readonly clock: Clock;
  /** A random number from 0 up to, but not including, 1. */
  random01(): number;
  /** How long work is retried without a connection before it fails, in milliseconds. */
  readonly retryForMs: number;
  /** Asks for the passphrase of a key file; left out where no person can be asked. */
  readonly askPassphrase?: AskPassphrase;
  /** How often the host is asked for a sign of life; after three times that without any the connection is lost. */
  readonly keepaliveMs?: number;
}

interface UseOptions {
  /** Longest time of one try without progress, in milliseconds. Left out: as long as the connection lives. */
  readonly deadlineMs?: number;
  readonly signal?: AbortSignal;
  /** In place of the link's own. */
  readonly retryForMs?: number;
}

/** A host that was never reached may not exist, so it is not retried as long as one that was lost. */
const firstContactMs = 20_000;
const openStreamMs = 15_000;
/** A try that lasted that long before its connection broke is no failure of the link. */
const longTryMs = 60_000;

/**
 * A host over SSH, through few connections that all callers share: one for channels and, once there are files to
 * move, one for SFTP. Lost connections are noticed within about 15 s and opened again; refused keys are not tried
 * twice.
 */
export class SshLink {
  readonly target: SshTarget;
  readonly #retryForMs: number;
  readonly #prompts = new PromptTracker();
  readonly #reachability = new Reachability();
  readonly #dialer: Dialer;
  readonly #closed = new AbortController();

  constructor(options: SshLinkOptions) {
    const { target, clock, keepaliveMs = defaultKeepaliveMs } = options;
    this.target = target;
    this.#retryForMs = options.retryForMs;
    const identities = new IdentityStore(options.askPassphrase ?? (async () => null), this.#prompts);
    this.#dialer = new Dialer({
      options: { target, keepaliveMs, prompts: this.#prompts, access: { identities, takenIds: new Map() } },
      reachability: this.#reachability,
      clock,
      random01: () => options.random01(),
    });
  }

  get state(): LinkState {
    return this.#reachability.state;
  }

  /** Calls `listener` at every change of `state`; gives what stops it. */
  onChange(listener: (state: LinkState) => void): () => void {
    return this.#reachability.onChange(listener);
  }

  /**
   * Does `work` on a live connection. When the connection is lost, or `deadlineMs` passes without progress, `work` is
   * done again on a new one, for up to `retryForMs`. Work must therefore be safe to repeat, also while an abandoned try
   * still ends. What it throws while the connection is alive is its own and passes through at once.
   *
   * @throws AppError `host-unreachable` when the time for retrying is up; `host-key-unknown`, `host-key-changed`,
   * `host-auth-failed`, `host-refused` at once; the reason of `signal` when it aborts.
   */
  async use<T>(
    work: (connection: LiveConnection, attempt: SshAttempt) => Promise<T>,
    options: UseOptions = {},
  ): Promise<T> {
    const { deadlineMs = null, signal } = options;
    const window = new RetryWindow(() => this.#limitMs(options));
    const signals = [this.#closed.signal, ...(signal ? [signal] : [])];
    const onProgress = () => window.reset();
    for (let number = 1; ; number++) {
      const connection = await this.#connect(window, signals);
      if (number === 1) window.reset();
      const startedMs = performance.now();
      try {
        return await attemptWork(connection, work, { number, deadlineMs, signals, onProgress });
      } catch (error) {
        for (const aborting of signals) aborting.throwIfAborted();
        if (!isOfConnection(error, connection)) throw error;
        if (performance.now() - startedMs > longTryMs) window.reset();
        window.begin();
        if (connection.isAlive)
          connection.doubt(error instanceof Error ? error : new Error(messageOf(error)));
        if (window.leftMs === 0) throw this.#unreachable(window, error);
      }
    }
  }

  /**
   * A stream to a unix socket on the host. Opening it is repeated like other work; once it is open, its loss is an
   * error of the stream.
   *
   * @throws as `use`; AppError `host-refused` when sshd forwards to no socket; SocketRefusedError when no process
   * listens there.
   */
  async openStream(socketPath: string, options: UseOptions = {}): Promise<Duplex> {
    return await this.use((connection, attempt) => openSocket(connection, socketPath, attempt.signal), {
      deadlineMs: openStreamMs,
      ...options,
    });
  }

  /** Closes all connections: all work and all streams end with an error, and nothing keeps the process alive. */
  async close(): Promise<void> {
    // An AppError, so that callers that still wait fail instead of retrying.
    const reason = new AppError({
      code: 'host-unreachable',
      message: `The link to ${this.target.name} is closed.`,
    });
    this.#closed.abort(reason);
    await this.#dialer.close(reason);
  }

  /** A live connection. Waits for it until the time for retrying is up, which a prompt extends. */
  async #connect(window: RetryWindow, signals: readonly AbortSignal[]): Promise<LiveConnection> {
    for (const signal of signals) signal.throwIfAborted();
    const { current } = this.#dialer;
    if (current) return current;
    window.begin();
    const waiting = new AbortController();
    const { leftMs } = window;
    const isExcused = () => this.#prompts.wasPromptingWithin(leftMs);
    const deadline = armDeadline(leftMs, isExcused, () => {
      waiting.abort(this.#unreachable(window, this.#dialer.lastFailure));
    });
    const stopListening = onAbort(signals, (reason) => waiting.abort(reason));
    try {
      return await this.#dialer.connection(waiting.signal);
    } finally {
      deadline.disarm();
      stopListening();
    }
  }

  #limitMs(options: UseOptions): number {
    const limitMs = options.retryForMs ?? this.#retryForMs;
    return this.#reachability.wasReached ? limitMs : Math.min(limitMs, firstContactMs);
  }

  #unreachable(window: RetryWindow, cause: unknown): AppError {
    const reason = cause === null ? 'it does not answer' : unreachableReason(cause);
    return hostUnreachable(this.target, reason, window.waitedMs, cause);
  }
}

/**
 * Whether an error says that the connection failed, and not that the work did. ssh2 refuses new channels a moment
 * before it reports that the connection is gone.
 */
function isOfConnection(error: unknown, connection: LiveConnection): boolean {
  if (error instanceof AppError) return false;
  if (error instanceof NoProgressError || error === connection.lost.reason) return true;
  const isSftpStatus = error instanceof Error && 'code' in error && typeof error.code === 'number';
  if (isSftpStatus) return false;
  return !connection.isAlive || /^(Not connected|No response from server)$/.test(messageOf(error));
}
