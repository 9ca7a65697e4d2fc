import type { Timeline } from '../../core/frames/timeline.ts';
import { assertSameFile } from './source-of.ts';
import { segmentName, type UpscaleExecution } from './upscale-execution.ts';
import { UpscaleLedger } from './upscale-ledger.ts';

/** Name of the folder, in the run folder, of what is under way while the video is put together. */
const workFolderName = 'assembly';

/**
 * Puts the finished segments together to the video, once; may be repeated after any failure.
 *
 * @throws SegmentsLostError when some have to be made again first.
 */
export async function finishVideo(execution: UpscaleExecution, timeline: Timeline): Promise<void> {
  const { session, state, ports, observer, signal } = execution;
  if (state.video !== null) return;
  const { checkpoint, paths } = session;
  await assertSameFile(checkpoint.source, ports, signal);
  const startedMs = ports.clock.now();
  const facts = await ports.video.inspect(checkpoint.source.path, signal);
  const { target, is_turned: isTurned } = checkpoint.clip;
  const video = await ports.video.assemble(
    {
      source: { path: checkpoint.source.path, facts },
      segments: checkpoint.segments.map(({ segment_id: id, frames }) => {
        const sha256 = state.segments.get(id)?.finished?.sha256;
        const file = { path: paths.inside(segmentName(id)), frames };
        return sha256 === undefined ? file : { ...file, sha256 };
      }),
      timeline,
      size: { width: target.width, height: target.height },
      isTurned,
      workFolder: paths.inside(workFolderName),
      outputPath: checkpoint.settings.output,
      mayReplace: checkpoint.settings.force,
    },
    (progress) => observer.onAssembly(progress),
    signal,
  );
  new UpscaleLedger(execution).emit({
    type: 'video-finished',
    output: checkpoint.settings.output,
    size_bytes: video.sizeBytes,
    frames: video.frames,
    duration_seconds: video.durationSeconds,
    max_time_error_ms: Math.round(1000 * video.maxTimeErrorMs) / 1000,
    copied_streams: video.streams.copied,
    converted_streams: video.streams.converted,
    duration_ms: Math.max(0, Math.round(ports.clock.now() - startedMs)),
  });
  await session.flush(true);
}
