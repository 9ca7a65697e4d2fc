import type { Timeline } from '../../core/frames/timeline.ts';
import type { PlannedSegment } from '../../core/video/video-checkpoint.ts';
import type { SegmentTask } from '../../protocol/segment.ts';
import { decodedOf, filteredOf } from './segment-tasks.ts';
import { fileToRead } from './source-of.ts';
import type { SourcePart, VideoRun } from './video-types.ts';

/** A smaller file travels whole: every machine has it after one transfer. */
const leastBytes = 16 * 1024 * 1024;

/**
 * Cuts what each segment needs out of a long source, where its segments go to several machines: each of them is then sent
 * what it needs and no more. Where a part does not do, the segment gets the whole source.
 */
export class SourceCutter {
  readonly #run: VideoRun;
  readonly #timeline: Timeline;
  readonly #isWanted: boolean;
  /** Segments whose part turned out not to do. */
  readonly #whole = new Set<number>();

  /** @param isSpread - Whether segments go to several machines. */
  constructor(run: VideoRun, timeline: Timeline, isSpread: boolean) {
    const { clip } = run.session.checkpoint;
    this.#run = run;
    this.#timeline = timeline;
    const isLarge = fileToRead(run.session.checkpoint).size_bytes >= leastBytes;
    // Times that were fixed are not those of the file; how the picture is turned is in the file alone.
    this.#isWanted = isSpread && isLarge && !timeline.isMended && !clip.is_turned;
  }

  /** The part of a segment, cut now; null where it gets the whole source. */
  async cut(segment: PlannedSegment): Promise<SourcePart | null> {
    const { segment_id: id, seek_time: seekTime } = segment;
    if (!this.#isWanted || this.#whole.has(id)) return null;
    const { session, ports, signal } = this.#run;
    const { clip } = session.checkpoint;
    const decoded = decodedOf(segment, this.#timeline);
    const { firstTime, endTime, frames } = filteredOf(decoded, clip, this.#timeline) ?? decoded;
    const target = this.#pathOf(id);
    const part = await ports.video.cutPart(
      {
        sourcePath: fileToRead(session.checkpoint).path,
        ...{ stream: clip.stream, timeBase: clip.time_base, seekTime, firstTime, endTime, frames, target },
      },
      signal,
    );
    if (part === null) return null;
    const { path, sha256, sizeBytes } = await ports.sources.identify(target, null, signal);
    return { ...part, object: { path, sha256, sizeBytes } };
  }

  /** From now on this segment gets the whole source. @returns whether it had a part. */
  giveUp(segment: PlannedSegment): boolean {
    if (!this.#isWanted || this.#whole.has(segment.segment_id)) return false;
    this.#whole.add(segment.segment_id);
    return true;
  }

  /** The part is not needed any more. */
  async remove({ segment_id: id }: PlannedSegment): Promise<void> {
    if (this.#isWanted) await this.#run.ports.sources.remove(this.#pathOf(id));
  }

  #pathOf(segmentId: number): string {
    return this.#run.session.paths.inside(`parts/segment_${String(segmentId).padStart(6, '0')}.nut`);
  }
}

/** The task with its part in place of the whole source. The result does not depend on which of them it is made of. */
export function withPart(task: SegmentTask, part: SourcePart | null): SegmentTask {
  if (part === null) return task;
  const ticks = (time: number | null) => (time === null ? null : time * part.ticks);
  return {
    ...task,
    clip: { ...task.clip, source: part.object.sha256, stream: 0, time_base: { ...part.timeBase } },
    seek_time: null,
    first_time: ticks(task.first_time),
    end_time: ticks(task.end_time),
    ...(task.filtered && {
      filtered: {
        first_time: task.filtered.first_time * part.ticks,
        end_time: ticks(task.filtered.end_time),
      },
    }),
  };
}
