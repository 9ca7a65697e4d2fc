import { setMaxListeners } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '../../ports/clock.ts';
import { HttpClient } from '../http/http-client.ts';
import type { ProgramProcess } from '../program/program-process.ts';

/** `ok`: it can be asked. `sick`: it says that it cannot. `silent`: it says nothing. */
type Health = 'ok' | 'sick' | 'silent';

/** Pauses between health checks of a loading server, in milliseconds: longer when loading takes long. */
const quickCheckMs = 100;
const slowCheckMs = 1_000;
const quickChecks = 100;
/** A server that reports itself sick is given up soon; it may only be about to end. In milliseconds. */
const sickTimeoutMs = 5_000;
const examinePauseMs = 250;

/** Asks a server at `http://127.0.0.1:<port>` how it is. */
export class HealthCheck {
  readonly #http = new HttpClient({});
  readonly #port: number;
  readonly #timeoutMs: number;

  /** @param timeoutMs - How long one query may take. */
  constructor(port: number, timeoutMs: number) {
    this.#port = port;
    this.#timeoutMs = timeoutMs;
  }

  /** Asks once. Servers without `/health` are well when they list their models. */
  async query(signal: AbortSignal): Promise<Health> {
    const health = await this.#get('/health', signal);
    const status = health === 404 ? await this.#get('/v1/models', signal) : health;
    if (status === null) return 'silent';
    // A server that wants a key is up.
    return status === 200 || status === 401 ? 'ok' : 'sick';
  }

  close(): void {
    this.#http.close();
  }

  async #get(path: string, signal: AbortSignal): Promise<number | null> {
    const url = new URL(`http://127.0.0.1:${this.#port}${path}`);
    const call = { method: 'GET', url, headers: {}, timeoutMs: this.#timeoutMs } as const;
    try {
      return (await this.#http.call(call, signal)).status;
    } catch (error) {
      if (signal.aborted) throw error;
      return null;
    }
  }
}

/** Waits until a server that loads is well, has ended, or takes too long. Rejects with the signal's reason. */
export async function awaitHealth(
  process: ProgramProcess,
  health: HealthCheck,
  { clock, timeoutMs, signal }: { clock: Clock; timeoutMs: number; signal: AbortSignal },
): Promise<'well' | 'ended' | 'late'> {
  const beganMs = performance.now();
  for (let checks = 0; !process.hasEnded; checks += 1) {
    const isWell = (await health.query(signal)) === 'ok';
    // Ended, and well all the same: then another program answers on its port.
    if (isWell && !process.hasEnded) return 'well';
    if (performance.now() - beganMs > timeoutMs) return 'late';
    await clock.sleep(checks < quickChecks ? quickCheckMs : slowCheckMs, signal);
  }
  return 'ended';
}

/** A server that can be asked, from when it is ready until it ends. */
export class RunningServer {
  /** Ends with `/v1`. */
  readonly baseUrl: string;
  readonly #process: ProgramProcess;
  readonly #health: HealthCheck;
  readonly #ending = new AbortController();
  /** Aborts when it has ended, however. */
  readonly ended = this.#ending.signal;
  #checkUp: Promise<void> | null = null;

  constructor(port: number, process: ProgramProcess, health: HealthCheck) {
    this.baseUrl = `http://127.0.0.1:${port}/v1`;
    this.#process = process;
    this.#health = health;
    // One listener per request in flight.
    setMaxListeners(0, this.ended);
  }

  end(reason: Error): void {
    this.#ending.abort(reason);
  }

  /**
   * Finds out whether the server is why a request failed. Resolves when it is well, or has ended. One that is sick for
   * some seconds, or silent for `hungMs`, is made to end.
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
      const health = await this.#health.query(this.ended).catch(() => null);
      if (health === 'ok' || health === null) return;
      const timeoutMs = health === 'sick' ? Math.min(sickTimeoutMs, hungMs) : hungMs;
      if (performance.now() - beganMs >= timeoutMs) this.#process.kill();
      await delay(examinePauseMs, undefined, { signal: this.ended }).catch(() => undefined);
    }
  }
}
