import { encodingDocument } from '../../core/encoding/describe-encoding.ts';
import { batchesOfLane, countBatches } from '../../core/frames/batches.ts';
import type { VideoEstimate } from '../../core/frames/estimate.ts';
import { fractionValue } from '../../core/frames/fraction.ts';
import { longestHeld } from '../../core/video/held-frames.ts';
import { laneSettingsOf } from '../../core/video/video-checkpoint.ts';
import type { VideoPlan } from '../../core/video/video-plan.ts';
import { heldFrameExamples } from '../text/video/plan-text.ts';

const planVersion = 1;

/** What `upscale --dry-run --json` prints. Frames are counted from 1, as in the manifests. */
export function videoPlanDocument(plan: VideoPlan, expected: VideoEstimate) {
  const { facts, clip, timeline, settings, segments } = plan;
  const { engine } = settings;
  const { scale, tile, is_lane_count_open: isOpen } = laneSettingsOf(engine, clip);
  const frames = timeline.times.length;
  const unique = timeline.uniqueFrames.length;
  const batches = countBatches(unique, engine.batch_size);
  return {
    version: planVersion,
    kind: plan.kind,
    input: {
      path: plan.source.path,
      sha256: plan.source.sha256,
      size_bytes: plan.source.size_bytes,
      codec: facts.video.codec,
      width: facts.video.size.width,
      height: facts.video.size.height,
      pixel_format: facts.video.pixelFormat,
      rotation_degrees: facts.video.rotationDegrees,
      frame_rate: fractionValue(facts.video.frameRate),
      duration_seconds: facts.durationSeconds,
      chapters: facts.chapters.length,
    },
    output: { path: settings.output, ...clip.target },
    engine: {
      kind: engine.kind,
      model: plan.model?.path ?? null,
      scale,
      ...('size' in engine && { size: engine.size }),
      batch_size: engine.batch_size,
      workers: engine.lanes,
      is_worker_count_open: isOpen,
      tile,
      ...encodingDocument(engine.encoding),
    },
    ...(clip.filters && { filters: clip.filters }),
    host: settings.host,
    ...(plan.regions && {
      regions: plan.regions.map(({ firstFrame, frames: length, box }) => ({
        first_frame: firstFrame + 1,
        last_frame: firstFrame + length,
        box,
      })),
    }),
    counts: {
      frames,
      unique_frames: unique,
      duplicates: frames - unique,
      segments: segments.length,
      batches,
    },
    dedupe: {
      mode: settings.dedupe,
      examples: longestHeld(timeline, clip.time_base, heldFrameExamples),
    },
    segments: segments.map(({ segmentId, firstFrame, frames: length, uniqueFrames, firstBatch }) => ({
      segment_id: segmentId,
      first_frame: firstFrame + 1,
      last_frame: firstFrame + length,
      unique_frames: uniqueFrames,
      first_batch: firstBatch,
    })),
    workers: Array.from({ length: engine.lanes }, (_, worker) => ({
      worker_id: worker,
      batches: batchesOfLane(worker, engine.lanes, 0, batches),
    })),
    streams: plan.streams.map(({ index, type, action, codec, why }) => ({ index, type, action, codec, why })),
    notices: plan.notices,
    scan_ms: plan.scanMs,
    expected: {
      duration_ms: expected.durationMs,
      output_bytes: expected.outputBytes,
      peak_bytes: expected.peakBytes,
    },
    free_bytes: plan.freeBytes,
  };
}
