import type { Timeline } from '../../core/frames/timeline.ts';
import { SegmentsLostError } from '../../errors/segments-lost.ts';
import { RunEventRecorder } from '../runs/event-recorder.ts';
import { plannedStreams } from './plan-sound.ts';
import { fileToRead, prepareFileToRead } from './source-of.ts';
import { decodeTimeline } from './timeline-of.ts';
import { segmentName, type UpscaleRun, type UpscaleTypes } from './upscale-types.ts';

/** Name of the folder, in the run folder, of what is under way while the video is put together. */
const workFolderName = 'assembly';

/**
 * Puts the finished segments together to the video, once. May be repeated after any failure.
 *
 * @param attempt - From 1. What is lost twice in a row will be lost again.
 * @returns false when segments are lost, and pending again.
 * @throws SegmentsLostError from the second attempt on.
 */
export async function finishVideo(run: UpscaleRun, attempt: number): Promise<boolean> {
  const { state } = run;
  if (state.video !== null || state.counts.failed_segments > 0) return true;
  try {
    await assemble(run, decodeTimeline(run.session.checkpoint));
    return true;
  } catch (error) {
    if (!(error instanceof SegmentsLostError)) throw error;
    await recordLoss(run, error);
    if (attempt > 1) throw error;
    const lost = error.lost.length;
    const next =
      lost === 0
        ? 'the video is put together again'
        : `${lost === 1 ? 'one segment' : `${lost} segments`} made again`;
    run.observer.onNotice(`${error.message} Going on: ${next}.`);
    return false;
  }
}

/** Segments that are lost have to be made again, in this session or a later one. */
async function recordLoss(run: UpscaleRun, { message, lost }: SegmentsLostError): Promise<void> {
  const recorder = new RunEventRecorder<UpscaleTypes>(run);
  const segments = lost.flatMap((index) => run.session.checkpoint.segments[index] ?? []);
  for (const { segment_id: id, task_key: key } of segments)
    recorder.emit({ type: 'segment-lost', segment_id: id, task_key: key, message });
  await run.session.flush(true);
}

async function assemble(run: UpscaleRun, timeline: Timeline): Promise<void> {
  const { session, state, ports, observer, signal } = run;
  const { checkpoint, paths } = session;
  await prepareFileToRead(checkpoint, ports, signal);
  const { path } = fileToRead(checkpoint);
  const startedMs = ports.clock.now();
  const facts = await ports.video.inspect(path, signal);
  const { target, is_turned: isTurned } = checkpoint.clip;
  const video = await ports.video.assemble(
    {
      source: { path, facts },
      streams: plannedStreams(checkpoint, facts),
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
  new RunEventRecorder<UpscaleTypes>(run).emit({
    type: 'video-finished',
    output: checkpoint.settings.output,
    size_bytes: video.sizeBytes,
    frames: video.frames,
    duration_seconds: video.durationSeconds,
    max_time_error_ms: Math.round(1000 * video.maxTimeErrorMs) / 1000,
    copied_streams: video.streams.copied,
    converted_streams: video.streams.converted,
    notices: [...video.notices],
    duration_ms: Math.max(0, Math.round(ports.clock.now() - startedMs)),
  });
  await session.flush(true);
}
