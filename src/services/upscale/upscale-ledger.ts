import type { UpscaleEventBody } from '../../core/upscale/upscale-event.ts';
import type { UpscaleState } from '../../core/upscale/upscale-state.ts';
import type { UpscaleObserver } from '../../ports/run-observer.ts';
import type { UpscaleSession } from './upscale-execution.ts';

/** What an {@link UpscaleLedger} writes to. */
export interface UpscaleLedgerParts {
  readonly session: UpscaleSession;
  readonly state: UpscaleState;
  readonly observer: UpscaleObserver;
}

/** The one place where an upscale run's events are made: each goes into the journal, the state and to the observer. */
export class UpscaleLedger {
  readonly #parts: UpscaleLedgerParts;
  readonly #allSettled = Promise.withResolvers<void>();

  constructor(parts: UpscaleLedgerParts) {
    this.#parts = parts;
    this.#checkAllSettled();
  }

  /** Resolves when every segment is finished or has failed. */
  get allSettled(): Promise<void> {
    return this.#allSettled.promise;
  }

  emit(body: UpscaleEventBody): void {
    const event = this.#parts.session.append(body);
    this.#parts.state.apply(body);
    this.#parts.observer.onEvent(event);
  }

  /** Notes a segment's outcome, durably: its checkpoint. */
  async settle(
    outcome: Extract<UpscaleEventBody, { type: 'segment-finished' | 'segment-failed' }>,
  ): Promise<void> {
    this.emit(outcome);
    await this.#parts.session.flush(true);
    this.#checkAllSettled();
  }

  #checkAllSettled(): void {
    if (this.#parts.state.pendingCount === 0) this.#allSettled.resolve();
  }
}
