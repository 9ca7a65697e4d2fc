import { setMaxListeners } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { HealthCheck } from './health.ts';
import type { ServerProcess } from './server-process.ts';

/** One that says so itself is given up soon; it may only be about to end. In milliseconds. */
const sickPatienceMs = 5_000;
const lookPauseMs = 250;

/** A server that can be asked, from when it is ready until it ends. */
export class RunningServer {
  /** Ends with `/v1`. */
  readonly baseUrl: string;
  readonly #process: ServerProcess;
  readonly #health: HealthCheck;
  readonly #ending = new AbortController();
  #checkUp: Promise<void> | null = null;

  constructor(port: number, process: ServerProcess, health: HealthCheck) {
    this.baseUrl = `http://127.0.0.1:${port}/v1`;
    this.#process = process;
    this.#health = health;
    // One listener per request in flight.
    setMaxListeners(0, this.#ending.signal);
  }

  /** Aborts when it has ended, however. */
  get ended(): AbortSignal {
    return this.#ending.signal;
  }

  end(reason: Error): void {
    this.#ending.abort(reason);
  }

  /**
   * Something is wrong: is it the server? Resolves when it is well, or has ended. One that is sick for some
   * seconds, or silent for `hungMs`, is made to end.
   */
  async checkUp(hungMs: number): Promise<void> {
    this.#checkUp ??= this.#examine(hungMs).finally(() => {
      this.#checkUp = null;
    });
    await this.#checkUp;
  }

  async #examine(hungMs: number): Promise<void> {
    const beganMs = performance.now();
    while (!this.ended.aborted) {
      const health = await this.#look();
      if (health === 'ok' || health === 'gone') return;
      const patienceMs = health === 'sick' ? Math.min(sickPatienceMs, hungMs) : hungMs;
      if (performance.now() - beganMs >= patienceMs) this.#process.kill();
      await delay(lookPauseMs, undefined, { signal: this.ended }).catch(() => undefined);
    }
  }

  async #look(): Promise<'ok' | 'sick' | 'silent' | 'gone'> {
    try {
      return await this.#health.look(this.ended);
    } catch {
      return 'gone';
    }
  }
}
