import type { UpsampleEventBody } from '../../core/upsample/upsample-event.ts';
import type { UpsampleState } from '../../core/upsample/upsample-state.ts';
import type { UpsampleObserver } from '../../ports/run-observer.ts';
import type { RunSession } from '../../ports/run-store.ts';
import type { Outcome } from './finish-task.ts';

/** What a {@link RunLedger} writes to. */
export interface LedgerParts {
  readonly session: RunSession;
  readonly state: UpsampleState;
  readonly observer: UpsampleObserver;
}

/** The one place where a run's events are made: each goes into the journal, the state and to the observer. */
export class RunLedger {
  readonly #parts: LedgerParts;
  readonly #openInBatch = new Map<number, number>();
  readonly #allSettled = Promise.withResolvers<void>();

  constructor(parts: LedgerParts) {
    this.#parts = parts;
    for (const batch of parts.session.checkpoint.batches) {
      const open = batch.specs.filter((spec) => !parts.state.isSettled(spec)).length;
      if (open > 0) this.#openInBatch.set(batch.batch_id, open);
    }
    this.#checkAllSettled();
  }

  /** Resolves when every spec has an outcome. */
  get allSettled(): Promise<void> {
    return this.#allSettled.promise;
  }

  emit(body: UpsampleEventBody): void {
    const event = this.#parts.session.append(body);
    this.#parts.state.apply(body);
    this.#parts.observer.onEvent(event);
  }

  /** Notes a spec's outcome; the last one of a batch makes all of that batch durable: its checkpoint. */
  async settle(outcome: Outcome): Promise<void> {
    this.emit(outcome);
    const batchId = this.#parts.state.specs.get(outcome.spec)?.planned.batch_id ?? null;
    if (batchId !== null && this.#closeInBatch(batchId)) {
      this.emit({ type: 'batch-finished', batch_id: batchId });
      await this.#parts.session.flush(true);
    }
    this.#checkAllSettled();
  }

  /** Tells the failures that the plan already holds. */
  settlePlannedFailures(): void {
    for (const { planned, failed } of this.#parts.state.specs.values()) {
      if (planned.action !== 'fail' || failed || !planned.failure) continue;
      this.emit({ type: 'task-failed', spec: planned.spec, task_key: null, attempts: 0, ...planned.failure });
    }
    this.#checkAllSettled();
  }

  /** True when this was the batch's last open spec. */
  #closeInBatch(batchId: number): boolean {
    const open = (this.#openInBatch.get(batchId) ?? 1) - 1;
    this.#openInBatch.set(batchId, open);
    return open === 0;
  }

  #checkAllSettled(): void {
    if (this.#parts.state.pendingCount === 0) this.#allSettled.resolve();
  }
}
