import { type FailureCode, failureNextSteps } from '../../core/run/failure.ts';
import type { PlannedSegment } from '../../core/upscale/upscale-checkpoint.ts';
import { AppError } from '../../errors/app-error.ts';
import type { HostRun } from '../../ports/host.ts';
import type { SegmentFacts } from '../../protocol/segment.ts';
import type { TaskResult } from '../../protocol/task-result.ts';
import type { SegmentWork } from './segment-work.ts';
import { segmentName } from './upscale-execution.ts';

/** Segments that are brought home at once. */
const bringsAtOnce = 2;

/** Next steps that differ from those of a spec. */
const nextSteps: Partial<Record<string, string>> = {
  'video-unreadable': 'Play the video to see where it is damaged; --keep-going upscales what can be read.',
  'engine-crashed':
    "Its processes end each time: look at the worker's log (cosmos logs RUN), then resume the run.",
  'engine-failed': "Look at the worker's log (cosmos logs RUN), then resume the run.",
};

/** Brings finished segments home and notes what became of each, in the order in which they come. */
export class SegmentOutcomes {
  readonly #parts: SegmentWork;
  readonly #bringing = new Set<Promise<void>>();
  readonly #taken = new Set<string>();

  constructor(parts: SegmentWork) {
    this.#parts = parts;
  }

  /** Takes a result, which may be told twice; waits while too many segments are on their way. */
  async accept(
    run: HostRun,
    segment: PlannedSegment,
    result: TaskResult,
    onSettled: () => void,
  ): Promise<void> {
    const { state, onError } = this.#parts;
    const isDone = state.segments.get(segment.segment_id)?.finished !== null;
    if (isDone || this.#taken.has(result.task_key)) return;
    this.#taken.add(result.task_key);
    const bringing = this.#settle(run, segment, result)
      .then(onSettled)
      .catch(onError)
      .finally(() => this.#bringing.delete(bringing));
    this.#bringing.add(bringing);
    while (this.#bringing.size >= bringsAtOnce) await Promise.race(this.#bringing);
  }

  /** Resolves when everything that was taken is home, or has been reported as an error. */
  async settled(): Promise<void> {
    await Promise.all(this.#bringing);
  }

  async #settle(run: HostRun, segment: PlannedSegment, result: TaskResult): Promise<void> {
    const { ledger } = this.#parts;
    const common = {
      segment_id: segment.segment_id,
      task_key: segment.task_key,
      attempts: result.attempts,
    };
    const facts = result.segment ?? null;
    if (result.status === 'failed' || facts === null) {
      const code = result.error?.code ?? 'engine-failed';
      const message = result.error?.message ?? 'The segment was not made.';
      const nextStep = nextSteps[code] ?? failureNextSteps[code as FailureCode];
      await ledger.settle({ type: 'segment-failed', ...common, code, message, next_step: nextStep });
      return;
    }
    await this.#bring(run, segment, facts);
    await ledger.settle({
      type: 'segment-finished',
      ...common,
      frames: facts.frames,
      unique_frames: facts.unique_frames,
      sha256: facts.sha256,
      size_bytes: facts.size_bytes,
      duration_ms: result.duration_ms,
      stages_ms: facts.stages_ms,
      batch_size: facts.batch_size,
      tile: facts.tile,
      lanes: facts.lanes,
    });
    // It is here, durably: the host's copy would only take room.
    await run.dropSegments([segment.task_key]);
  }

  /** Brings a segment that was lost here once more, where its host still has it; else its result is forgotten. */
  async fetchLost(run: HostRun, segment: PlannedSegment, { segment: facts }: TaskResult): Promise<void> {
    if (!facts) return;
    try {
      await this.#bring(run, segment, facts);
    } catch (error) {
      if (!(error instanceof AppError && error.code === 'worker-failed')) throw error;
    }
  }

  /** A file that is lost takes its result with it, so that resuming makes it again. */
  async #bring(
    run: HostRun,
    { task_key: key, segment_id: id }: PlannedSegment,
    facts: SegmentFacts,
  ): Promise<void> {
    try {
      await run.downloadSegment(key, facts, this.#parts.session.paths.inside(segmentName(id)));
    } catch (error) {
      if (error instanceof AppError && error.code === 'worker-failed') await run.forget([key]);
      throw error;
    }
  }
}
