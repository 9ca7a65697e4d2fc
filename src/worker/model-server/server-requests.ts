import { WaitQueue } from '../../async/queues.ts';
import { EngineError } from '../tasks/engine-error.ts';
import { CrashBisector } from './crash-bisector.ts';
import type { ModelServer } from './model-server.ts';
import type { RunningServer } from './running-server.ts';
import { crashedBy, type ServerDeath } from './server-errors.ts';

interface ServerRequestsDeps {
  readonly server: ModelServer;
  /** A server silent for so long while a request fails is made to end, in milliseconds. */
  readonly hungMs: number;
  readonly logPath: string;
  log(line: string): void;
}

interface SendSignals {
  /** Aborts when no request may be sent any more. */
  readonly stop: AbortSignal;
  /** Aborts when one that was sent is to end, too. */
  readonly abort: AbortSignal;
}

type SendRequest<T> = (baseUrl: string, signal: AbortSignal) => Promise<T>;

/** One request, however often it has to be sent. The same object for all attempts of the same task. */
export class RequestState {
  /** Why it must not be sent any more. */
  crash: EngineError | null = null;
}

/**
 * The requests to one server, of all runs that share it: sent when it is ready, and sent again when it died
 * under them, until it is known which one it dies of. Only that one fails.
 */
export class ServerRequests {
  readonly #deps: ServerRequestsDeps;
  readonly #bisector = new CrashBisector<RequestState>();
  readonly #inFlight = new Set<RequestState>();
  readonly #changes = new WaitQueue();

  constructor(deps: ServerRequestsDeps) {
    this.#deps = deps;
  }

  get waitReason(): string | null {
    const { count } = this.#bisector;
    return count === 0 ? null : `searching ${count} prompts for the one that crashes the model server`;
  }

  /**
   * Rejects with what `send` rejects with, unless that was because the server died; with a permanent
   * `engine-crashed` when this request is what it dies of; with a signal's reason.
   */
  async send<T>(state: RequestState, send: SendRequest<T>, signals: SendSignals): Promise<T> {
    try {
      for (;;) {
        const running = await this.#turn(state, signals.stop);
        const outcome = await this.#sendOnce(state, send, running, signals.abort);
        if (outcome) return outcome.answer;
        if (state.crash) throw state.crash;
      }
    } finally {
      this.#bisector.clear(state);
      this.#changes.wakeAll();
    }
  }

  onDeath(death: ServerDeath): void {
    const inFlight = [...this.#inFlight];
    const poison = this.#bisector.died(inFlight);
    if (poison) {
      poison.crash = crashedBy(this.#bisector.deathsOf(poison), death, this.#deps.logPath);
      this.#deps.log('found the request that crashed it');
    } else if (this.#bisector.isBisecting) {
      this.#deps.log(`died with ${inFlight.length} requests in flight; trying half of them`);
    }
    this.#changes.wakeAll();
  }

  async #turn(state: RequestState, signal: AbortSignal): Promise<RunningServer> {
    for (;;) {
      const running = await this.#deps.server.ready(signal);
      if (running.ended.aborted) continue;
      if (this.#bisector.maySend(state)) return running;
      await this.#changes.wait(signal);
    }
  }

  /** Null when the server died under the request. */
  async #sendOnce<T>(
    state: RequestState,
    send: SendRequest<T>,
    running: RunningServer,
    abort: AbortSignal,
  ): Promise<{ readonly answer: T } | null> {
    this.#inFlight.add(state);
    try {
      const answer = await send(running.baseUrl, AbortSignal.any([abort, running.ended]));
      this.#deps.server.answered();
      return { answer };
    } catch (error) {
      if (abort.aborted) throw error;
      // Still in flight while that is judged: one of those that suffered together may be the cause.
      if (isSymptom(error)) await running.checkUp(this.#deps.hungMs);
      if (running.ended.aborted) return null;
      if (error instanceof EngineError && error.class === 'permanent') this.#deps.server.answered();
      throw error;
    } finally {
      this.#inFlight.delete(state);
    }
  }
}

/** Whether a failure may come from a dying server rather than from the request. */
function isSymptom(error: unknown): boolean {
  return error instanceof EngineError && (error.class === 'transient' || error.class === 'outage');
}
