import { RunState, type TaskCounts } from '../run/run-state.ts';
import type { RunStatus } from '../run/run-status.ts';
import type { UpsampleCounts, UpsampleEventBody } from './upsample-event.ts';
import type { PlannedSpec } from './upsample-plan.ts';

type EventOf<Type extends UpsampleEventBody['type']> = Extract<UpsampleEventBody, { type: Type }>;

/** What a run knows about one spec. */
export interface SpecState {
  readonly planned: PlannedSpec;
  prepared: EventOf<'task-prepared'> | null;
  finished: EventOf<'task-finished'> | null;
  failed: EventOf<'task-failed'> | null;
  /** It failed in an earlier session, and this one tries it again. */
  isReopened: boolean;
}

export class UpsampleState extends RunState<UpsampleEventBody> {
  readonly specs: ReadonlyMap<string, SpecState>;
  readonly #counts: { upsampled: number; reused: number; skipped: number; failed: number };

  constructor(planned: readonly PlannedSpec[]) {
    super();
    const nothing = { prepared: null, finished: null, failed: null, isReopened: false };
    this.specs = new Map(planned.map((spec) => [spec.spec, { planned: spec, ...nothing }]));
    const skipped = planned.filter((spec) => spec.action === 'skip').length;
    this.#counts = { upsampled: 0, reused: 0, skipped, failed: 0 };
  }

  /** Counts so far; specs without an outcome are in `total` only. */
  get counts(): UpsampleCounts {
    return { total: this.specs.size, ...this.#counts };
  }

  get taskCounts(): TaskCounts {
    const { upsampled, reused, skipped, failed } = this.#counts;
    return { done: upsampled + reused + skipped, failed, total: this.specs.size };
  }

  get isEnded(): boolean {
    return this.pendingCount === 0;
  }

  get endStatus(): RunStatus {
    return endStatusOf(this.counts);
  }

  /**
   * Whether another session would try anything. What failed while the plan was made would fail again: its file has
   * to change, and that is a new run.
   */
  get isResumable(): boolean {
    if (this.pendingCount > 0) return true;
    const specs = [...this.specs.values()];
    return specs.some(({ planned, failed }) => failed !== null && planned.action !== 'fail');
  }

  isSettled(spec: string): boolean {
    const state = this.specs.get(spec);
    return !state || state.planned.action === 'skip' || state.finished !== null || state.failed !== null;
  }

  /** What failed while the plan was made stays failed: its file would have to change, and that is a new run. */
  reopenFailed(): void {
    for (const { planned } of this.specs.values()) if (planned.action !== 'fail') this.reopen(planned.spec);
  }

  reopen(spec: string): void {
    const state = this.specs.get(spec);
    if (!state?.failed) return;
    state.failed = null;
    state.isReopened = true;
    this.#counts.failed--;
  }

  protected applyTaskEvent(event: UpsampleEventBody): void {
    if (event.type !== 'task-prepared' && event.type !== 'task-finished' && event.type !== 'task-failed')
      return;
    const state = this.specs.get(event.spec);
    if (!state) return;
    if (event.type === 'task-prepared') state.prepared = event;
    else this.#settle(state, event);
  }

  #settle(state: SpecState, event: EventOf<'task-finished'> | EventOf<'task-failed'>): void {
    if (state.finished) return;
    if (event.type === 'task-finished') {
      this.reopen(state.planned.spec);
      state.finished = event;
      this.#counts[event.is_reused ? 'reused' : 'upsampled']++;
    } else {
      if (!state.failed) this.#counts.failed++;
      state.failed = event;
    }
  }
}

/** The status of a run that came to its end. */
export function endStatusOf({ upsampled, reused, skipped, failed, total }: UpsampleCounts): RunStatus {
  const done = upsampled + reused + skipped;
  if (failed === 0 && done === total) return 'complete';
  return done + failed === total && done > 0 ? 'partial' : 'failed';
}
