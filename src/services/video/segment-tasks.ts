import { createHash } from 'node:crypto';
import type { Segment } from '../../core/frames/plan-segments.ts';
import { repeatsOf, type Timeline } from '../../core/frames/timeline.ts';
import type { Region } from '../../core/regions/place-region.ts';
import type { PlannedSegment, VideoCheckpoint } from '../../core/video/video-checkpoint.ts';
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
  const endFrame = segment.first_frame + segment.frames;
  const task: SegmentTask = {
    task_key: taskKey,
    name: `segment ${segmentId}`,
    segment_id: segmentId,
    first_batch: segment.first_batch,
    clip: { ...checkpoint.clip, source: fileToRead(checkpoint).sha256 },
    seek_time: segment.seek_time,
    first_time: timeline.isMended ? null : (timeline.times[segment.first_frame] ?? 0),
    end_time: timeline.times[endFrame] ?? null,
    repeats: repeatsIn(segment.first_unique, segment.unique_frames, timeline),
  };
  if (checkpoint.kind === 'upscale') return task;
  const regions = checkpoint.regions.map(({ first_frame: firstFrame, frames, box }) => ({
    firstFrame,
    frames,
    box,
  }));
  const { first_unique: firstUnique, unique_frames: uniqueFrames } = segment;
  return { ...task, regions: regionsIn({ firstUnique, uniqueFrames }, regions, timeline) };
}

export function segmentEngineOf({ settings: { engine } }: Pick<VideoCheckpoint, 'settings'>): SegmentEngine {
  return { ...engine, encoding: { ...engine.encoding } };
}

/**
 * Key of a segment's task: hex SHA-256 over everything that its bytes depend on. Lanes are left out: how many work side by
 * side changes nothing.
 */
export function segmentKeyOf(
  { segmentId, firstFrame, frames, firstUnique, uniqueFrames, seekTime }: Segment,
  {
    settings,
    clip,
    timeline,
    regions,
    ...files
  }: Pick<VideoPlan, 'source' | 'retimed' | 'settings' | 'clip' | 'timeline' | 'regions'>,
): string {
  const identity = {
    source: fileToRead(files).sha256,
    engine: withoutLanes(settings.engine),
    clip,
    segmentId,
    seekTime,
    firstTime: timeline.times[firstFrame],
    endTime: timeline.times[firstFrame + frames] ?? null,
    repeats: repeatsIn(firstUnique, uniqueFrames, timeline),
    ...(regions && { regions: regionsIn({ firstUnique, uniqueFrames }, regions, timeline) }),
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

function repeatsIn(firstUnique: number, count: number, timeline: Timeline): number[] {
  return Array.from({ length: count }, (_, index) => repeatsOf(timeline, firstUnique + index));
}

/** The regions of a segment's frames, by their places among its unique ones. Each region begins and ends with a unique frame. */
function regionsIn(
  { firstUnique, uniqueFrames: count }: Pick<Segment, 'firstUnique' | 'uniqueFrames'>,
  regions: readonly Region[],
  { uniqueFrames, times }: Pick<Timeline, 'uniqueFrames' | 'times'>,
): RetouchTask['regions'] {
  const own = uniqueFrames.subarray(firstUnique, firstUnique + count);
  const endFrame = uniqueFrames[firstUnique + count] ?? times.length;
  return regions.flatMap(({ firstFrame, frames, box }) => {
    if (firstFrame >= endFrame || firstFrame + frames <= (own[0] ?? 0)) return [];
    const first = own.findIndex((frame) => frame >= firstFrame);
    const end = own.findIndex((frame) => frame >= firstFrame + frames);
    const last = end < 0 ? count : end;
    return last > first && first >= 0 ? [{ first_unique: first, unique_frames: last - first, box }] : [];
  });
}
