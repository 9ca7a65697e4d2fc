import { createHash } from 'node:crypto';
import type { Segment } from '../../core/frames/plan-segments.ts';
import { repeatsOf, type Timeline } from '../../core/frames/timeline.ts';
import type { PlannedSegment, UpscaleCheckpoint } from '../../core/upscale/upscale-checkpoint.ts';
import type { UpscalePlan } from '../../core/upscale/upscale-plan.ts';
import type { SegmentTask, UpscalerSpec } from '../../protocol/segment.ts';
import { fileToRead } from './source-of.ts';

/** Raised when what is made of the same segment changes. */
const segmentKeyVersion = 1;

export function segmentTaskOf(
  segment: PlannedSegment,
  checkpoint: Pick<UpscaleCheckpoint, 'source' | 'retimed' | 'clip'>,
  timeline: Timeline,
): SegmentTask {
  const { segment_id: segmentId, task_key: taskKey } = segment;
  const endFrame = segment.first_frame + segment.frames;
  return {
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
}

export function upscalerOf({ settings: { engine } }: Pick<UpscaleCheckpoint, 'settings'>): UpscalerSpec {
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
    ...files
  }: Pick<UpscalePlan, 'source' | 'retimed' | 'settings' | 'clip' | 'timeline'>,
): string {
  const { lanes: _lanes, is_lane_count_open: _isOpen, ...engine } = settings.engine;
  const identity = {
    source: fileToRead(files).sha256,
    engine,
    clip,
    segmentId,
    seekTime,
    firstTime: timeline.times[firstFrame],
    endTime: timeline.times[firstFrame + frames] ?? null,
    repeats: repeatsIn(firstUnique, uniqueFrames, timeline),
  };
  const text = JSON.stringify([segmentKeyVersion, identity]);
  return createHash('sha256').update(text, 'utf8').digest('hex');
}

function repeatsIn(firstUnique: number, count: number, timeline: Timeline): number[] {
  return Array.from({ length: count }, (_, index) => repeatsOf(timeline, firstUnique + index));
}
