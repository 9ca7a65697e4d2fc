import { createHash } from 'node:crypto';
import { filterReach } from '../../core/frames/frame-filters.ts';
import type { Segment } from '../../core/frames/plan-segments.ts';
import { repeatsOf, type Timeline } from '../../core/frames/timeline.ts';
import { type Region, regionsWithin } from '../../core/regions/place-region.ts';
import type { PlannedClip, PlannedSegment, VideoCheckpoint } from '../../core/video/video-checkpoint.ts';
import type { VideoPlan } from '../../core/video/video-plan.ts';
import type { SegmentEngine } from '../../protocol/manifest.ts';
import type { RetouchTask } from '../../protocol/retouch.ts';
import type { SegmentTask } from '../../protocol/segment.ts';
import { fileToRead } from './source-of.ts';

/** Raised when what is made of the same segment changes. */
const segmentKeyVersion = 1;

export function segmentTaskOf(
  segment: PlannedSegment,
  checkpoint: VideoCheckpoint,
  timeline: Timeline,
): SegmentTask | RetouchTask {
  const { segment_id: segmentId, task_key: taskKey } = segment;
  const decoded = decodedOf(segment, timeline);
  const filtered = filteredOf(decoded, checkpoint.clip, timeline);
  const task: SegmentTask = {
    task_key: taskKey,
    name: `segment ${segmentId}`,
    segment_id: segmentId,
    first_batch: segment.first_batch,
    clip: { ...checkpoint.clip, source: fileToRead(checkpoint).sha256 },
    seek_time: segment.seek_time,
    first_time: timeline.isMended ? null : decoded.firstTime,
    end_time: decoded.endTime,
    ...(filtered && { filtered: { first_time: filtered.firstTime, end_time: filtered.endTime } }),
    repeats: repeatsIn(decoded, timeline),
    ...(segment.context && { context: segment.context }),
  };
  if (checkpoint.kind === 'upscale') return task;
  const regions = checkpoint.regions.map(({ first_frame: firstFrame, ...region }) => ({
    firstFrame,
    ...region,
  }));
  const masks = checkpoint.masks?.sha256 ?? null;
  return { ...task, masks, regions: regionsIn(decoded, regions, timeline) };
}

export function segmentEngineOf({ settings: { engine } }: Pick<VideoCheckpoint, 'settings'>): SegmentEngine {
  return { ...engine, encoding: { ...engine.encoding } };
}

/**
 * Key of a segment's task: hex SHA-256 over everything that its bytes depend on. Lanes are left out: how many work side by
 * side changes nothing.
 */
export function segmentKeyOf(
  { segmentId, firstUnique, uniqueFrames, seekTime, context }: Segment,
  {
    settings,
    clip,
    timeline,
    regions,
    masks,
    ...files
  }: Pick<VideoPlan, 'source' | 'retimed' | 'settings' | 'clip' | 'timeline' | 'regions' | 'masks'>,
): string {
  const { before, after } = context;
  const segment = { first_unique: firstUnique, unique_frames: uniqueFrames, context };
  const decoded = decodedOf(segment, timeline);
  const identity = {
    source: fileToRead(files).sha256,
    engine: withoutLanes(settings.engine),
    clip,
    segmentId,
    seekTime,
    firstTime: decoded.firstTime,
    endTime: decoded.endTime,
    repeats: repeatsIn(decoded, timeline),
    ...(regions && { regions: regionsIn(decoded, regions, timeline) }),
    ...(masks && { masks: masks.sha256 }),
    ...(before + after > 0 && { context }),
  };
  const text = JSON.stringify([segmentKeyVersion, identity]);
  return createHash('sha256').update(text, 'utf8').digest('hex');
}

function withoutLanes(settings: SegmentEngine): object {
  const { lanes: _lanes, ...engine } = settings;
  if (!('is_lane_count_open' in engine)) return engine;
  const { is_lane_count_open: _isOpen, ...upscaler } = engine;
  return upscaler;
}

/** What has to be decoded for a segment: its own frames and those around them that its engine looks at. */
export function decodedOf(
  {
    first_unique: first,
    unique_frames: count,
    context,
  }: Pick<PlannedSegment, 'first_unique' | 'unique_frames' | 'context'>,
  { uniqueFrames, times }: Timeline,
) {
  const { before, after } = context ?? { before: 0, after: 0 };
  const [start, end] = [first - before, first + count + after];
  const [firstFrame, endFrame] = [uniqueFrames[start] ?? 0, uniqueFrames[end] ?? times.length];
  return {
    ...{ firstUnique: start, uniqueFrames: end - start, firstFrame, frames: endFrame - firstFrame },
    firstTime: times[firstFrame] ?? 0,
    /** Of the frame after the last one; null: there is none. */
    endTime: times[endFrame] ?? null,
  };
}

type Decoded = ReturnType<typeof decodedOf>;

/** The frames that a clip's filters see of a segment; null where they see none beside it, or are not to be told by their times. */
export function filteredOf(
  { firstFrame, frames }: Pick<Decoded, 'firstFrame' | 'frames'>,
  { filters }: Pick<PlannedClip, 'filters'>,
  { times, isMended = false }: Timeline,
) {
  const reach = filterReach(filters);
  if (reach === 0 || isMended) return null;
  const first = Math.max(0, firstFrame - reach);
  const end = Math.min(times.length, firstFrame + frames + reach);
  return { firstTime: times[first] ?? 0, endTime: times[end] ?? null, frames: end - first };
}

function repeatsIn({ firstUnique, uniqueFrames }: Decoded, timeline: Timeline): number[] {
  return Array.from({ length: uniqueFrames }, (_, index) => repeatsOf(timeline, firstUnique + index));
}

function regionsIn(decoded: Decoded, regions: readonly Region[], timeline: Timeline): RetouchTask['regions'] {
  return regionsWithin(decoded, regions, timeline).map(({ first, count, box, masks }) => ({
    first_unique: first,
    unique_frames: count,
    box,
    ...(masks && {
      masks: masks.map(({ count: uniqueFrames, at, bytes }) => ({ unique_frames: uniqueFrames, at, bytes })),
    }),
  }));
}
