import { printable, printableLines } from '../../core/printable.ts';
import { MachineTimeline } from '../../core/run/machine-timeline.ts';
import type { WorkerStatus } from '../../protocol/worker-status.ts';
import { failureReason, type NamedFailure } from '../text/failures-text.ts';
import { durationText } from '../text/format.ts';
import type { BarRow } from './bar-stack.ts';
import type { CreateDisplay, ProgressDisplay, ProgressView } from './display.ts';
import { type AnyRunEvent, HostWatch } from './host-watch.ts';
import { machineRows, machinesPart, machineText } from './machine-rows.ts';

/** Follows what workers report of their engines: whether they load, and what they wait for. Time is passed in. */
export class EngineWatch {
  readonly #statuses = new Map<number, WorkerStatus>();
  #loadingSinceMs: number | null = null;
  #waitingSinceMs: number | null = null;

  /** Takes a status in; the result is a line for people when a wait begins or ends, else null. */
  apply(status: WorkerStatus, nowMs: number): string | null {
    this.#statuses.set(status.worker_id, status);
    this.#loadingSinceMs = this.#isLoading ? (this.#loadingSinceMs ?? nowMs) : null;
    const { waitReason } = this;
    const sinceMs = this.#waitingSinceMs;
    this.#waitingSinceMs = waitReason === null ? null : (sinceMs ?? nowMs);
    if (waitReason !== null) return sinceMs === null ? `waiting: ${waitReason}` : null;
    if (sinceMs === null || hasEnded(status)) return null;
    return `resumed after ${secondsText(nowMs - sinceMs)} of waiting`;
  }

  /** What a worker waits for, on one line: a server that is unreachable, a full disk; null while none waits. */
  get waitReason(): string | null {
    for (const status of this.#statuses.values())
      if (status.message !== null && !hasEnded(status) && !isLoadReport(status))
        return printable(status.message);
    return null;
  }

  /** `waiting for 12 s`, `loading org/model: 37 s of about 95 s`, `engine loading 7 s`, or nothing. */
  note(nowMs: number): string {
    if (this.#waitingSinceMs !== null) return `waiting for ${secondsText(nowMs - this.#waitingSinceMs)}`;
    if (this.#loadingSinceMs === null) return '';
    return this.#loadReport ?? `engine loading ${secondsText(nowMs - this.#loadingSinceMs)}`;
  }

  /** How far a model's server is, as its worker reports it. */
  get #loadReport(): string | null {
    for (const status of this.#statuses.values())
      if (status.message !== null && isLoadReport(status)) return printable(status.message);
    return null;
  }

  /** One engine at work is enough for a run to continue. */
  get #isLoading(): boolean {
    const all = [...this.#statuses.values()];
    const isOneAtWork = all.some((status) => status.status === 'processing' && !isLoadReport(status));
    return all.some((status) => status.status === 'loading' || isLoadReport(status)) && !isOneAtWork;
  }
}

/** Failures that are written as they come; the end of a run has them by code. */
const maxListedFailures = 5;

/** How quick the work of a run goes; null where it cannot be said yet. */
export interface WorkPace {
  /** `35 fps` */
  readonly rate: string | null;
  readonly leftMs: number | null;
}

/**
 * What the progress of every kind of run shows: failures as they come, hosts that cannot be reached, engines that load or wait,
 * notices. A kind adds its rows and its line.
 */
export abstract class RunProgress implements ProgressView {
  readonly #display: ProgressDisplay;
  readonly #engine = new EngineWatch();
  readonly #host = new HostWatch();
  readonly #machines = new MachineTimeline({ keepsSpans: false });
  #engineName = '';
  #failures = 0;

  constructor(createDisplay: CreateDisplay) {
    this.#display = createDisplay(this);
  }

  abstract rows(nowMs: number): readonly BarRow[];
  abstract line(nowMs: number): string;

  onWorkerStatus(status: WorkerStatus): void {
    this.#log(this.#engine.apply(status, performance.now()));
  }

  onNotice(message: string): void {
    this.#display.log(printableLines(message));
  }

  onEnd(): void {
    this.#display.end();
  }

  /** @param what - What the run is to do, for a log: `3 specs`. */
  protected begin(runId: string, what: string, engine: string | undefined): void {
    this.#engineName = printable(engine ?? '');
    this.#display.begin(`run ${runId}: ${what}${this.#engineName && `; engine: ${this.#engineName}`}`);
  }

  /** From now on another engine works. */
  protected nameEngine(engine: string): void {
    this.#engineName = printable(engine);
  }

  protected refresh(): void {
    this.#display.refresh();
  }

  protected takeHostEvent(event: AnyRunEvent): void {
    this.#log(this.#host.apply(event));
    if (event.type === 'machine-changed') this.#log(machineText(event, this.#machines.standings()));
    this.#machines.apply(event);
  }

  /** Writes the first failures as lines, then says once that the others are only counted. */
  protected takeFailure(failure: Pick<NamedFailure, 'spec' | 'code' | 'message'>): void {
    this.#failures += 1;
    if (this.#failures <= maxListedFailures)
      this.#log(`failed: ${printable(failure.spec)}: ${failure.code}: ${failureReason(failure)}`);
    else if (this.#failures === maxListedFailures + 1)
      this.#log('more failed: from here on failures are counted and listed at the end');
  }

  /** The row of the work: how far it is, and beside it what is waited for, or else how quick it goes. */
  protected workRow(row: BarRow, pace: WorkPace, nowMs: number): BarRow {
    // What is waited for is in the row of the engine; the time that is left is not known meanwhile.
    if (this.#host.isUnreachable || this.#engine.waitReason !== null) return row;
    const note = this.#engine.note(nowMs);
    const beside = note === '' ? paceTexts(pace, '') : [note];
    return { ...row, text: [row.text, ...beside].join(' · ') };
  }

  /** The row of the engine: its name, or what it or the program waits for. */
  protected engineRow(nowMs: number): BarRow {
    const { waitReason } = this.#engine;
    const wait = waitReason === null ? '' : `${this.#engine.note(nowMs)}: ${waitReason}`;
    return { what: 'Engine', done: 0, total: null, text: this.#host.note || wait || this.#engineName };
  }

  /** A row for each of several machines, those first that need a person's eye; the last row stands for all others. */
  protected machineRows(): BarRow[] {
    return machineRows(this.#machines.standings());
  }

  /** How the work stands as a line: how far it is, then what is waited for, or else how quick it goes. */
  protected workLine(standing: string, pace: WorkPace, nowMs: number): string {
    const note = this.#host.note || this.#engine.note(nowMs);
    const parts = [standing, ...(note === '' ? paceTexts(pace, 'about ') : [note])];
    return [...parts, ...machinesPart(this.#machines.standings())].join(', ');
  }

  #log(line: string | null): void {
    if (line !== null) this.#display.log(line);
  }
}

function paceTexts({ rate, leftMs }: WorkPace, about: string): string[] {
  const left = leftMs === null || leftMs === 0 ? null : `${about}${durationText(leftMs)} left`;
  return [rate, left].filter((text) => text !== null);
}

/** A server that loads, also again after it had died, makes progress: that is no wait. */
function isLoadReport({ message, status }: WorkerStatus): boolean {
  return message !== null && /^(?:re)?(?:loading|starting)\b/i.test(message) && !hasEnded({ status });
}

/** The message of a worker that has ended is an outcome, no wait. */
function hasEnded({ status }: Pick<WorkerStatus, 'status'>): boolean {
  return status === 'stopped' || status === 'failed';
}

function secondsText(ms: number): string {
  return ms < 10_000 ? `${Math.floor(ms / 1000)} s` : durationText(ms);
}
