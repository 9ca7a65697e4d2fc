import { onAbort } from '../../async/abort.ts';
import { SingleFlight } from '../../async/single-flight.ts';
import { type BackoffPolicy, backoffDelayMs } from '../../core/run/backoff.ts';
import { AppError } from '../../errors/app-error.ts';
import { isErrno } from '../../errors/system-error.ts';
import type { Clock } from '../../ports/clock.ts';
import { LiveConnection } from './connection.ts';
import type { Reachability } from './reachability.ts';
import type { DialOptions } from './route.ts';
import { SilentError } from './transport.ts';
import { hostUnreachable, unreachableReason } from './unreachable.ts';

/** Between tries to reach a host that does not answer. */
const unreachablePolicy: BackoffPolicy = { baseDelayMs: 250, maxDelayMs: 10_000 };
/** Before a new connection when the last ones broke right after they were opened. */
const shortLivedPolicy: BackoffPolicy = { baseDelayMs: 50, maxDelayMs: 1_000 };
const shortLifeMs = 1_000;

interface DialerDeps {
  readonly options: Omit<DialOptions, 'signal'>;
  readonly reachability: Reachability;
  readonly clock: Clock;
  random01(): number;
}

/**
 * Gives all callers the same connection, and opens a new one when it is lost. It dials only while a caller waits, ever
 * more slowly.
 */
export class Dialer {
  readonly #deps: DialerDeps;
  readonly #flight = new SingleFlight<LiveConnection>();
  readonly #open = new Set<LiveConnection>();
  #current: LiveConnection | null = null;
  #shortLives = 0;
  /** Why the last try failed, for a caller whose time is up; null while the first one is under way. */
  lastFailure: unknown = null;

  constructor(deps: DialerDeps) {
    this.#deps = deps;
  }

  get current(): LiveConnection | null {
    return this.#current?.isUsable ? this.#current : null;
  }

  /**
   * A connection that is alive. Tries until there is one or `signal` aborts.
   *
   * @throws AppError where trying again cannot help, such as for a key that is refused; the signal's reason.
   */
  async connection(signal: AbortSignal): Promise<LiveConnection> {
    if (this.current) return this.current;
    return await this.#flight.run('', signal, (flightSignal) => this.#dialUntilReached(flightSignal));
  }

  /** Closes all connections, and waits until their sockets are gone. */
  async close(reason: Error): Promise<void> {
    const open = [...this.#open];
    for (const connection of open) connection.close(reason);
    await Promise.all(open.map((connection) => connection.ended()));
  }

  async #dialUntilReached(signal: AbortSignal): Promise<LiveConnection> {
    const { clock, random01, reachability, options } = this.#deps;
    if (this.#shortLives > 0) {
      await clock.sleep(backoffDelayMs(this.#shortLives, shortLivedPolicy, random01()), signal);
    }
    for (let attempt = 1; ; attempt++) {
      try {
        return this.#adopt(await LiveConnection.open({ ...options, signal }), signal);
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof AppError) throw error;
        this.lastFailure = error;
        // Waiting gives no machine a name; one that was reached before has one, and only its network is away.
        if (isErrno(error, 'ENOTFOUND') && !reachability.wasReached)
          throw hostUnreachable(options.target, unreachableReason(error), 0, error);
        reachability.failed(unreachableReason(error));
      }
      await clock.sleep(backoffDelayMs(attempt, unreachablePolicy, random01()), signal);
    }
  }

  #adopt(connection: LiveConnection, signal: AbortSignal): LiveConnection {
    if (signal.aborted) connection.close(new Error('no caller waits for it'));
    signal.throwIfAborted();
    const openedMs = performance.now();
    this.#current = connection;
    this.#open.add(connection);
    this.lastFailure = null;
    const { reachability } = this.#deps;
    reachability.reached();
    onAbort(connection.lost, (reason) => {
      const isShort = performance.now() - openedMs < shortLifeMs;
      this.#shortLives = isShort ? this.#shortLives + 1 : 0;
      this.#open.delete(connection);
      if (this.#current === connection) this.#current = null;
      if (reason instanceof SilentError) reachability.failed(reason.message);
    });
    return connection;
  }
}
