import { SingleFlight } from '../../async/single-flight.ts';
import { type BackoffPolicy, backoffDelayMs } from '../../core/run/backoff.ts';
import { AppError } from '../../errors/app-error.ts';
import type { Clock } from '../../ports/clock.ts';
import { LiveConnection } from './connection.ts';
import type { Reachability } from './reachability.ts';
import type { DialOptions } from './route.ts';
import { SilentError } from './transport.ts';
import { unreachableReason } from './unreachable.ts';

/** Between tries to reach a host that does not answer. */
const unreachablePolicy: BackoffPolicy = { baseDelayMs: 250, maxDelayMs: 10_000 };
/** Before a new connection when the last ones broke at once, though they came about. */
const shortLivedPolicy: BackoffPolicy = { baseDelayMs: 50, maxDelayMs: 1_000 };
const shortLifeMs = 1_000;

/** What a {@link Dialer} needs. */
interface DialerDeps {
  readonly parts: Omit<DialOptions, 'signal'>;
  readonly reachability: Reachability;
  readonly clock: Clock;
  random01(): number;
}

/**
 * Gives everybody the same connection, and makes a new one when it is gone. While nobody waits, nothing is tried;
 * while somebody does, it goes on trying, ever more slowly.
 */
export class Dialer {
  readonly #parts: DialerDeps;
  readonly #flight = new SingleFlight<LiveConnection>();
  readonly #open = new Set<LiveConnection>();
  #current: LiveConnection | null = null;
  #shortLives = 0;
  /** Why the last try failed, for whoever loses patience; null when the first one is still under way. */
  lastFailure: unknown = null;

  constructor(parts: DialerDeps) {
    this.#parts = parts;
  }

  /** The connection that is alive and takes new work, if there is one. */
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
    const { clock, random01, reachability, parts } = this.#parts;
    if (this.#shortLives > 0) {
      await clock.sleep(backoffDelayMs(this.#shortLives, shortLivedPolicy, random01()), signal);
    }
    for (let attempt = 1; ; attempt++) {
      try {
        return this.#adopt(await LiveConnection.open({ ...parts, signal }), signal);
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof AppError) throw error;
        this.lastFailure = error;
        reachability.failed(unreachableReason(error));
      }
      await clock.sleep(backoffDelayMs(attempt, unreachablePolicy, random01()), signal);
    }
  }

  #adopt(connection: LiveConnection, signal: AbortSignal): LiveConnection {
    if (signal.aborted) connection.close(new Error('nobody waits for it'));
    signal.throwIfAborted();
    const bornMs = performance.now();
    this.#current = connection;
    this.#open.add(connection);
    this.lastFailure = null;
    const { reachability } = this.#parts;
    reachability.reached();
    const forget = () => {
      const isShort = performance.now() - bornMs < shortLifeMs;
      this.#shortLives = isShort ? this.#shortLives + 1 : 0;
      this.#open.delete(connection);
      if (this.#current === connection) this.#current = null;
      reachability.lost();
      if (connection.lost.reason instanceof SilentError) reachability.failed(connection.lost.reason.message);
    };
    if (connection.isAlive) connection.lost.addEventListener('abort', forget, { once: true });
    else forget();
    return connection;
  }
}
