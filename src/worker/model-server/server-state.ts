import type { Clock } from '../../ports/clock.ts';
import type { ModelServerStatus } from '../../protocol/slot.ts';

/** What a server does, since when, and how that is put for people. */
export class ServerState {
  readonly #name: string;
  readonly #clock: Clock;
  #state: ModelServerStatus['state'] = 'loading';
  #since: string;
  /** On the monotonic clock: how long something took must not depend on corrections of the time of day. */
  #sinceMs = performance.now();
  #expectedLoadMs: number | null = null;
  #restarts = 0;
  #death: string | null = null;
  #message: string | null = null;

  /** @param name - What people call it: the model's name. */
  constructor(name: string, clock: Clock) {
    this.#name = name;
    this.#clock = clock;
    this.#since = new Date(clock.now()).toISOString();
  }

  get elapsedMs(): number {
    return performance.now() - this.#sinceMs;
  }

  /** One line for a person; null when all is well. */
  get text(): string | null {
    return this.#state === 'loading' || this.#state === 'restarting' ? this.#progress() : this.#message;
  }

  get status(): ModelServerStatus {
    return {
      state: this.#state,
      model: this.#name,
      since: this.#since,
      expected_load_ms: this.#expectedLoadMs,
      restarts: this.#restarts,
      message: this.text,
    };
  }

  /** @param expectedMs - How long it took the last time; null when it is not known. */
  loading(expectedMs: number | null): void {
    this.#expectedLoadMs = expectedMs === null ? null : Math.round(expectedMs);
    this.#become(this.#death === null ? 'loading' : 'restarting', null);
  }

  ready(): void {
    this.#death = null;
    this.#become('ready', null);
  }

  restarting(how: string): void {
    this.#death = how;
    this.#restarts += 1;
    this.#become('restarting', null);
  }

  failed(message: string): void {
    this.#become('failed', message);
  }

  stopped(): void {
    if (this.#state !== 'failed') this.#become('stopped', null);
  }

  #become(state: ModelServerStatus['state'], message: string | null): void {
    this.#state = state;
    this.#message = message;
    this.#sinceMs = performance.now();
    this.#since = new Date(this.#clock.now()).toISOString();
  }

  #progress(): string {
    const seconds = Math.floor(this.elapsedMs / 1000);
    const expected = this.#expectedLoadMs;
    const of = expected === null ? '' : ` of about ${Math.max(1, Math.round(expected / 1000))} s`;
    const again = this.#death === null ? '' : ` again, after it died (${this.#death})`;
    return `loading ${this.#name}${again}: ${seconds} s${of}`;
  }
}
