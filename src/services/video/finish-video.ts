import { codecOf } from '../../core/encoding/encoding-settings.ts';
import { type PicturePattern, parsePicturePattern } from '../../core/frames/picture-series.ts';
import { assemblyFolderName } from '../../core/run/run-format.ts';
import type { VideoCheckpoint } from '../../core/video/video-checkpoint.ts';
import { SegmentsLostError } from '../../errors/segments-lost.ts';
import type { Host } from '../../ports/host.ts';
import type { Ports } from '../../ports/ports.ts';
import type { AssemblyProgress } from '../../ports/video-tool.ts';
import type { FinishedVideo } from '../../protocol/queue.ts';
import { RunEventRecorder } from '../runs/event-recorder.ts';
import { plannedStreams } from './plan-sound.ts';
import { fileToRead, pictureNumbersOf, prepareFileToRead } from './source-of.ts';
import { decodeTimeline } from './timeline-of.ts';
import { segmentName, type VideoRun, type VideoTypes } from './video-types.ts';

/**
 * Puts the finished segments together to the video, once. May be repeated after any failure.
 *
 * @param attempt - From 1. What is lost twice in a row will be lost again.
 * @param isHostAsked - Whether the host may have put it together by itself; false where the run is a part of another one.
 * @returns false when segments are lost, and pending again.
 * @throws SegmentsLostError from the second attempt on.
 */
export async function finishVideo(run: VideoRun, attempt: number, isHostAsked = true): Promise<boolean> {
  const { state } = run;
  if (state.video !== null || state.counts.failed_segments > 0) return true;
  try {
    await assemble(run, isHostAsked ? run.ports.host(run.session.checkpoint.settings.host) : null);
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
    run.observer.onNotice(`${error.message} Continuing: ${next}.`);
    return false;
  }
}

/** Segments that are lost have to be made again, in this session or a later one. */
async function recordLoss(run: VideoRun, { message, lost }: SegmentsLostError): Promise<void> {
  const recorder = new RunEventRecorder<VideoTypes>(run);
  const segments = lost.flatMap((index) => run.session.checkpoint.segments[index] ?? []);
  for (const { segment_id: id, task_key: key } of segments)
    recorder.emit({ type: 'segment-lost', segment_id: id, task_key: key, message });
  await run.session.flush(true);
}

async function assemble(run: VideoRun, host: Host | null): Promise<void> {
  const { session, state, ports, observer, signal } = run;
  const { checkpoint, paths } = session;
  const { output, force: mayReplace } = checkpoint.settings;
  const segments = checkpoint.segments.map(({ segment_id: id }) => paths.inside(segmentName(id)));
  const pattern = parsePicturePattern(output);
  const made = pattern === null ? { path: output, mayReplace } : takenApart(paths);
  try {
    let video: FinishedVideo | null =
      (pattern === null ? await host?.fetchFinal?.(session.runId, output, mayReplace) : null) ?? null;
    if (video) await ports.video.discard(segments);
    else {
      await prepareFileToRead(checkpoint, ports, signal);
      video = await assembleSegments(
        {
          checkpoint,
          sourcePath: fileToRead(checkpoint).path,
          segmentPath: (id) => paths.inside(segmentName(id)),
          hashOf: (id) => state.segments.get(id)?.finished?.sha256 ?? null,
          ...{ workFolder: paths.inside(assemblyFolderName), outputPath: made.path },
          mayReplace: made.mayReplace,
        },
        ports,
        (progress) => observer.onAssembly(progress),
        signal,
      );
    }
    if (pattern !== null) video = { ...video, ...(await takeApart(run, pattern)) };
    // A host that does not hear of it makes a video that is never fetched, and keeps the segments.
    await host?.noteFinished?.(session.runId).catch(() => undefined);
    new RunEventRecorder<VideoTypes>(run).emit({ type: 'video-finished', output, ...video });
  } finally {
    await host?.close();
  }
  await session.flush(true);
  if (pattern !== null) await ports.video.discard([made.path]);
}

/** A video that becomes pictures is made in the run folder, and is in the way of nothing. */
function takenApart(paths: VideoRun['session']['paths']) {
  return { path: paths.inside('pictures.mkv'), mayReplace: true };
}

/** Writes the frames of the finished video as pictures. */
async function takeApart(
  { session: { checkpoint, paths }, ports, observer, signal }: VideoRun,
  pattern: PicturePattern,
): Promise<Pick<FinishedVideo, 'size_bytes'>> {
  const { force: mayReplace } = checkpoint.settings;
  const pictures = {
    ...{ pattern, mayReplace, videoPath: takenApart(paths).path },
    workFolder: paths.inside(assemblyFolderName),
    like: fileToRead(checkpoint).path,
    numbers: pictureNumbersOf(checkpoint, decodeTimeline(checkpoint).times),
  };
  const written = await ports.video.writePictures(
    pictures,
    (progress) => observer.onAssembly(progress),
    signal,
  );
  return { size_bytes: written.sizeBytes };
}

export interface SegmentAssembly {
  readonly checkpoint: VideoCheckpoint;
  /** The file that the segments were made of, which has the other streams. */
  readonly sourcePath: string;
  segmentPath(segmentId: number): string;
  /** Hex SHA-256 of a segment's file; null where any content is taken. */
  hashOf(segmentId: number): string | null;
  readonly workFolder: string;
  readonly outputPath: string;
  readonly mayReplace: boolean;
}

/** Puts the segments of a run together, wherever they are. @throws As {@link VideoTool.assemble}. */
export async function assembleSegments(
  { checkpoint, sourcePath: path, segmentPath, hashOf, ...files }: SegmentAssembly,
  { video: tool, clock }: Pick<Ports, 'video' | 'clock'>,
  onProgress: (progress: AssemblyProgress) => void,
  signal: AbortSignal,
): Promise<FinishedVideo> {
  const startedMs = clock.now();
  const facts = await tool.inspect(path, signal);
  const { target, is_turned: isTurned } = checkpoint.clip;
  const request = {
    source: { path, facts },
    streams: plannedStreams(checkpoint, facts),
    segments: checkpoint.segments.map(({ segment_id: id, frames }) => {
      const sha256 = hashOf(id);
      const file = { path: segmentPath(id), frames };
      return sha256 === null ? file : { ...file, sha256 };
    }),
    timeline: decodeTimeline(checkpoint),
    codec: codecOf(checkpoint.settings.engine.encoding),
    picture: checkpoint.clip,
    size: { width: target.width, height: target.height },
    isTurned,
    ...files,
  };
  const video = await tool.assemble(request, onProgress, signal);
  return {
    size_bytes: video.sizeBytes,
    frames: video.frames,
    duration_seconds: video.durationSeconds,
    max_time_error_ms: Math.round(1000 * video.maxTimeErrorMs) / 1000,
    copied_streams: video.streams.copied,
    converted_streams: video.streams.converted,
    notices: [...video.notices],
    duration_ms: Math.max(0, Math.round(clock.now() - startedMs)),
  };
}
