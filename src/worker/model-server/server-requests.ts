import { WaitQueue } from '../../async/wait-queue.ts';
import { EngineError } from '../engines/engine.ts';
import { Suspects } from './crash-bisector.ts';
import type { EngineServer } from './model-server.ts';
import type { RunningServer } from './running-server.ts';
import { crashedBy } from './server-errors.ts';

/** What the requests to one server are handled with. */
interface RequestHuntParts {
  readonly server: EngineServer;
  /** A server silent for so long while a request fails is made to end, in milliseconds. */
  readonly hungMs: number;
  readonly logPath: string;
  log(line: string): void;
}

/** When a request may not go on. */
interface AskSignals {
  /** Aborts when no request may be sent any more. */
  readonly stop: AbortSignal;
  /** Aborts when one that was sent is to end, too. */
  readonly abort: AbortSignal;
}

/** Sends a request to a server whose address ends with `/v1`. */
type SendRequest<T> = (baseUrl: string, signal: AbortSignal) => Promise<T>;

/** One request, however often it has to be sent. The same object for all attempts of the same task. */
export class Ticket {
  /** Why it must not be sent any more. */
  crash: EngineError | null = null;
}

/**
 * The requests to one server, of all runs that share it: sent when it is ready, and sent again when it died
 * under them, until it is known which one it dies of. Only that one fails.
 */
export class RequestHunt {
  readonly #parts: RequestHuntParts;
  readonly #suspects = new Suspects<Ticket>();
  readonly #inFlight = new Set<Ticket>();
  readonly #changes = new WaitQueue();

  constructor(parts: RequestHuntParts) {
    this.#parts = parts;
  }

  /** What is being looked for, for a person; null while nothing is. */
  get trouble(): string | null {
    const { count } = this.#suspects;
    return count === 0 ? null : `looking for the prompt that the model's server dies of, among ${count}`;
  }

  /**
   * Rejects with what `send` rejects with, unless that was because the server died; with a permanent
   * `engine-crashed` when this request is what it dies of; with a signal's reason.
   */
  async ask<T>(ticket: Ticket, send: SendRequest<T>, signals: AskSignals): Promise<T> {
    try {
      for (;;) {
        const running = await this.#turn(ticket, signals.stop);
        const outcome = await this.#sendOnce(ticket, send, running, signals.abort);
        if (outcome) return outcome.answer;
        if (ticket.crash) throw ticket.crash;
      }
    } finally {
      this.#suspects.clear(ticket);
      this.#changes.wakeAll();
    }
  }

  /** To be called as soon as the server has died. */
  onDeath(how: string, lastWords: string): void {
    const inFlight = [...this.#inFlight];
    const culprit = this.#suspects.died(inFlight);
    if (culprit) {
      culprit.crash = crashedBy(this.#suspects.deathsOf(culprit), how, lastWords, this.#parts.logPath);
      this.#parts.log('found the request that it died of');
    } else if (this.#suspects.isHunting) {
      this.#parts.log(`died with ${inFlight.length} requests in flight; trying half of them`);
    }
    this.#changes.wakeAll();
  }

  async #turn(ticket: Ticket, signal: AbortSignal): Promise<RunningServer> {
    for (;;) {
      const running = await this.#parts.server.ready(signal);
      if (running.ended.aborted) continue;
      if (this.#suspects.mayAsk(ticket)) return running;
      await this.#changes.wait(signal);
    }
  }

  /** Null when the server died under the request. */
  async #sendOnce<T>(
    ticket: Ticket,
    send: SendRequest<T>,
    running: RunningServer,
    abort: AbortSignal,
  ): Promise<{ readonly answer: T } | null> {
    this.#inFlight.add(ticket);
    try {
      const answer = await send(running.baseUrl, AbortSignal.any([abort, running.ended]));
      this.#parts.server.answered();
      return { answer };
    } catch (error) {
      if (abort.aborted) throw error;
      // Still in flight while that is judged: one of those that suffered together may be the cause.
      if (isSymptom(error)) await running.checkUp(this.#parts.hungMs);
      if (running.ended.aborted) return null;
      if (error instanceof EngineError && error.class === 'permanent') this.#parts.server.answered();
      throw error;
    } finally {
      this.#inFlight.delete(ticket);
    }
  }
}

/** Whether a failure may come from a dying server rather than from the request. */
function isSymptom(error: unknown): boolean {
  return error instanceof EngineError && (error.class === 'transient' || error.class === 'outage');
}
