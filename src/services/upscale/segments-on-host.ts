import pMap from 'p-map';
import type { PlannedSegment } from '../../core/upscale/upscale-checkpoint.ts';
import type { HostObject, HostRun } from '../../ports/host.ts';
import type { TaskResult } from '../../protocol/task-result.ts';
import type { WorkerStatus } from '../../protocol/worker-status.ts';
import { fatalWorkerError } from './fatal-worker-error.ts';
import { SegmentOutcomes } from './segment-outcomes.ts';
import { batchOf, needsOf, upscalerOf } from './segment-tasks.ts';
import type { SegmentWork } from './segment-work.ts';

/** How long a run that is given up while it begins may take to notice, in milliseconds. */
const beginPatienceMs = 2_000;

/** Results that are looked at together. */
const readsAtOnce = 4;

/** The run's side of its host: hands segments over, brings finished ones home. */
export class SegmentsOnHost {
  readonly #parts: SegmentWork;
  readonly #byKey: ReadonlyMap<string, PlannedSegment>;
  readonly #outcomes: SegmentOutcomes;
  /** Frames done of segments under way, by task key. */
  readonly #doneFrames = new Map<string, number>();
  #beginning: Promise<void> | null = null;
  #run: HostRun | null = null;
  #collecting: Promise<void> = Promise.resolve();
  #hasSubmitted = false;
  #isAway = false;

  constructor(parts: SegmentWork) {
    this.#parts = parts;
    const segments = [...parts.state.segments.values()];
    this.#byKey = new Map(segments.map(({ planned }) => [planned.task_key, planned]));
    this.#outcomes = new SegmentOutcomes(parts);
  }

  /** Whether anything was handed over in this sitting. */
  get hasSubmitted(): boolean {
    return this.#hasSubmitted;
  }

  /** Whether the host cannot be reached, as far as is known. */
  get isAway(): boolean {
    return this.#isAway;
  }

  /** Opens the run on its host, takes what is finished there, and hands over everything else. */
  begin(): Promise<void> {
    this.#beginning ??= this.#begin();
    return this.#beginning;
  }

  async #begin(): Promise<void> {
    const { ports, session, state, signal } = this.#parts;
    const { host, slots, engine } = session.checkpoint.settings;
    const options = { workers: slots, needs: needsOf(engine), signal };
    const run = await ports.host(host).openRun(session.runId, options);
    this.#run = run;
    signal.addEventListener('abort', () => this.#isAway && void run.close(), { once: true });
    const finished = await run.finishedKeys();
    await this.#forgetUnusable(run, finished);
    await run.dropSegments(this.#finishedBefore);
    this.#collecting = this.#collect(run).catch(this.#parts.onError);
    await this.#adopt(run, finished);
    if (state.pendingCount === 0) return;
    await this.#deliver(run);
    // One after the other: workers take them in this order, and the first ones are needed first.
    for (const segment of state.pending) await this.#submit(run, segment);
    await session.flush(false);
  }

  /** Resolves when everything that was told of is home. */
  async settled(): Promise<void> {
    await this.#outcomes.settled();
  }

  /**
   * Lets go of the host.
   *
   * @param drainMs - How long the workers may finish what is in flight before they stop; null lets them go on.
   */
  async close(drainMs: number | null, stopListening: () => void): Promise<void> {
    await this.#untilBegun();
    const run = this.#run;
    if (!run) return;
    try {
      if (drainMs !== null) await run.stop(drainMs);
    } finally {
      stopListening();
      await this.#collecting;
      await this.#outcomes.settled();
      await run.close();
    }
  }

  /** One that is given up in its middle may just be opening the run; what it still sends ends with the link. */
  async #untilBegun(): Promise<void> {
    const done = new AbortController();
    const patience = this.#parts.ports.clock.sleep(beginPatienceMs, done.signal).catch(() => undefined);
    await Promise.race([this.#beginning?.catch(() => undefined), patience]);
    done.abort();
  }

  /** What an earlier sitting brought home, and may have been killed before it told the host. */
  get #finishedBefore(): string[] {
    const segments = [...this.#parts.state.segments.values()];
    return segments.flatMap(({ planned, finished }) => (finished ? [planned.task_key] : []));
  }

  /** A failure that an earlier sitting told is to be tried again; so is what was lost here and is not there any more. */
  async #forgetUnusable(run: HostRun, finished: ReadonlySet<string>): Promise<void> {
    const { state } = this.#parts;
    const again = state.pending.filter(({ task_key: key }) => finished.has(key));
    const results = await pMap(again, async ({ task_key: key }) => ({ key, result: await run.result(key) }), {
      concurrency: readsAtOnce,
    });
    await run.forget(results.flatMap(({ key, result }) => (result?.status === 'failed' ? [key] : [])));
    for (const { key, result } of results) {
      const segment = this.#byKey.get(key);
      const isLost = segment && this.#parts.state.segments.get(segment.segment_id)?.isLost;
      if (isLost && result?.status === 'ok') await this.#outcomes.fetchLost(run, segment, result);
    }
  }

  /** What was finished while nobody listened. */
  async #adopt(run: HostRun, finished: ReadonlySet<string>): Promise<void> {
    const { state } = this.#parts;
    for (const { task_key: key } of state.pending) {
      const result = finished.has(key) ? await run.result(key) : null;
      if (result?.status === 'ok') await this.#accept(run, result);
    }
    await this.#outcomes.settled();
  }

  async #deliver(run: HostRun): Promise<void> {
    const { source, model } = this.#parts.session.checkpoint;
    const files = model ? [source, model] : [source];
    const objects: HostObject[] = files.map(({ path, sha256, size_bytes: sizeBytes }) => {
      return { path, sha256, sizeBytes };
    });
    const missing = await run.missingObjects(objects.map(({ sha256 }) => sha256));
    await run.deliver(objects.filter(({ sha256 }) => missing.has(sha256)));
  }

  async #submit(run: HostRun, segment: PlannedSegment): Promise<void> {
    const { session, timeline, ledger, signal } = this.#parts;
    signal.throwIfAborted();
    const batch = batchOf(segment, session.checkpoint, timeline);
    const { workerId } = await run.submit(batch, upscalerOf(session.checkpoint));
    this.#hasSubmitted = true;
    ledger.emit({ type: 'batch-submitted', batch_id: segment.segment_id, worker_id: workerId, tasks: 1 });
  }

  async #collect(run: HostRun): Promise<void> {
    const { observer, ledger, session, signal } = this.#parts;
    const { host } = session.checkpoint.settings;
    for await (const event of run.watch(signal)) {
      if (event.type === 'task-finished') await this.#accept(run, event.result);
      else if (event.type === 'task-progress') this.#noteFrames(event.taskKey, event.doneParts);
      else if (event.type === 'worker-status') this.#heed(event.status);
      else if (event.type === 'unreachable') {
        this.#isAway = true;
        ledger.emit({ type: 'host-unreachable', host, message: event.message });
      } else if (event.type === 'reachable') {
        this.#isAway = false;
        ledger.emit({ type: 'host-reachable', host });
      }
    }
    observer.onFrames(this.#framesDone);
  }

  async #accept(run: HostRun, result: TaskResult): Promise<void> {
    const segment = this.#byKey.get(result.task_key);
    if (!segment) return;
    await this.#outcomes.accept(run, segment, result, () => {
      this.#doneFrames.delete(result.task_key);
      this.#parts.observer.onFrames(this.#framesDone);
    });
  }

  #noteFrames(taskKey: string, frames: number): void {
    const segment = this.#byKey.get(taskKey);
    if (!segment || this.#parts.state.segments.get(segment.segment_id)?.finished) return;
    this.#doneFrames.set(taskKey, frames);
    this.#parts.observer.onFrames(this.#framesDone);
  }

  get #framesDone(): number {
    const underWay = [...this.#doneFrames.values()].reduce((sum, frames) => sum + frames, 0);
    return this.#parts.state.finishedFrames + underWay;
  }

  /** A worker that was adopted may still tell of the failure that ended the sitting before. */
  #heed(status: WorkerStatus): void {
    this.#parts.observer.onWorkerStatus(status);
    if (status.status !== 'failed' || !status.is_fatal || !this.#hasSubmitted) return;
    throw fatalWorkerError(status, this.#parts.session.checkpoint.settings.host);
  }
}
