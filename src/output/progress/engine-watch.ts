import { printable } from '../../core/printable.ts';
import type { WorkerStatus } from '../../protocol/worker-status.ts';
import { durationText } from '../text/format.ts';

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
    return `going on after ${secondsText(nowMs - sinceMs)} of waiting`;
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

  /** One engine at work is enough for a run to go on. */
  get #isLoading(): boolean {
    const all = [...this.#statuses.values()];
    const isOneAtWork = all.some((status) => status.status === 'processing' && !isLoadReport(status));
    return all.some((status) => status.status === 'loading' || isLoadReport(status)) && !isOneAtWork;
  }
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
