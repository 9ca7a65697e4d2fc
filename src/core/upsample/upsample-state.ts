import { RunState, type TaskCounts } from '../run/run-state.ts';
import type { RunStatus } from '../run/run-status.ts';
import { type FinishedFacts, OutcomeTable, type PreparedFacts } from './outcome-table.ts';
import type { UpsampleCounts, UpsampleEventBody } from './upsample-event.ts';
import { outputFileOf, type PlannedSpec } from './upsample-plan.ts';

type EventOf<Type extends UpsampleEventBody['type']> = Extract<UpsampleEventBody, { type: Type }>;

/** What a run knows about one spec, as it is when it is asked for. */
export interface SpecState {
  readonly planned: PlannedSpec;
  readonly prepared: PreparedFacts | null;
  readonly finished: FinishedFacts | null;
  readonly failed: EventOf<'task-failed'> | null;
  /** It failed in an earlier session, and this one tries it again. */
  readonly isReopened: boolean;
}

/** The specs of a run by their names, in the order of the plan. */
interface SpecStates {
  readonly size: number;
  get(spec: string): SpecState | undefined;
  values(): Iterable<SpecState>;
}

export class UpsampleState extends RunState<UpsampleEventBody> {
  readonly specs: SpecStates;
  readonly #planned: readonly PlannedSpec[];
  /** Places in the plan. */
  readonly #rows = new Map<string, number>();
  readonly #outcomes = new OutcomeTable();
  readonly #failed = new Map<number, EventOf<'task-failed'>>();
  readonly #tables: Outcomes;
  readonly #counts: { upsampled: number; reused: number; skipped: number; failed: number };

  /** @param outputDir - Where enriched specs are written, where that is one folder. */
  constructor(planned: readonly PlannedSpec[], outputDir: string | null = null) {
    super();
    this.#planned = planned;
    this.#tables = { outcomes: this.#outcomes, failed: this.#failed, outputDir };
    for (const [row, { spec }] of planned.entries()) this.#rows.set(spec, row);
    const skipped = planned.reduce((sum, { action }) => sum + Number(action === 'skip'), 0);
    this.#counts = { upsampled: 0, reused: 0, skipped, failed: 0 };
    this.specs = {
      size: this.#rows.size,
      get: (spec) => this.#stateAt(this.#rows.get(spec)),
      values: () => this.#states(),
    };
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
    for (const row of this.#failed.keys()) if (this.#planned[row]?.action !== 'fail') return true;
    return false;
  }

  isSettled(spec: string): boolean {
    const row = this.#rows.get(spec);
    if (row === undefined || this.#planned[row]?.action === 'skip') return true;
    return this.#outcomes.isFinished(row) || this.#failed.has(row);
  }

  /** What failed while the plan was made stays failed: its file would have to change, and that is a new run. */
  reopenFailed(): void {
    for (const row of [...this.#failed.keys()]) if (this.#planned[row]?.action !== 'fail') this.#reopen(row);
  }

  reopen(spec: string): void {
    const row = this.#rows.get(spec);
    if (row !== undefined) this.#reopen(row);
  }

  #reopen(row: number): void {
    if (!this.#failed.delete(row)) return;
    this.#outcomes.reopen(row);
    this.#counts.failed--;
  }

  protected applyTaskEvent(event: UpsampleEventBody): void {
    if (event.type !== 'task-prepared' && event.type !== 'task-finished' && event.type !== 'task-failed')
      return;
    const row = this.#rows.get(event.spec);
    if (row === undefined) return;
    if (event.type === 'task-prepared') this.#outcomes.prepare(row, event);
    else this.#settle(row, event);
  }

  #settle(row: number, event: EventOf<'task-finished'> | EventOf<'task-failed'>): void {
    if (this.#outcomes.isFinished(row)) return;
    if (event.type === 'task-finished') {
      this.#reopen(row);
      const planned = this.#planned[row];
      const usual = planned ? usualOutput(planned, this.#tables.outputDir) : null;
      this.#outcomes.finish(row, event, usual);
      this.#counts[event.is_reused ? 'reused' : 'upsampled']++;
    } else {
      if (!this.#failed.has(row)) this.#counts.failed++;
      this.#failed.set(row, event);
    }
  }

  *#states(): Generator<SpecState> {
    // A name that comes twice has one state.
    for (const row of this.#rows.values()) {
      const state = this.#stateAt(row);
      if (state) yield state;
    }
  }

  #stateAt(row: number | undefined): SpecState | undefined {
    const planned = row === undefined ? undefined : this.#planned[row];
    if (row === undefined || planned === undefined) return undefined;
    return new SpecView(planned, row, this.#tables);
  }
}

interface Outcomes {
  readonly outcomes: OutcomeTable;
  readonly failed: ReadonlyMap<number, EventOf<'task-failed'>>;
  readonly outputDir: string | null;
}

/** Looks a spec up in the tables whenever it is asked for something. */
class SpecView implements SpecState {
  readonly planned: PlannedSpec;
  readonly #row: number;
  readonly #tables: Outcomes;

  constructor(planned: PlannedSpec, row: number, tables: Outcomes) {
    this.planned = planned;
    this.#row = row;
    this.#tables = tables;
  }

  get prepared(): PreparedFacts | null {
    return this.#tables.outcomes.prepared(this.#row);
  }

  get finished(): FinishedFacts | null {
    const { outcomes, outputDir } = this.#tables;
    if (!outcomes.isFinished(this.#row)) return null;
    return outcomes.finished(this.#row, usualOutput(this.planned, outputDir));
  }

  get failed(): EventOf<'task-failed'> | null {
    return this.#tables.failed.get(this.#row) ?? null;
  }

  get isReopened(): boolean {
    return this.#tables.outcomes.isReopened(this.#row);
  }
}

/** Where the enriched spec is written, if it is in one folder with all others. */
function usualOutput(planned: PlannedSpec, outputDir: string | null): string | null {
  return outputDir === null ? null : `${outputDir}/${outputFileOf(planned)}`;
}

/** The status of a run that came to its end. */
export function endStatusOf({ upsampled, reused, skipped, failed, total }: UpsampleCounts): RunStatus {
  const done = upsampled + reused + skipped;
  if (failed === 0 && done === total) return 'complete';
  return done + failed === total && done > 0 ? 'partial' : 'failed';
}
