import { expectedFinishMs } from '../../core/frames/estimate.ts';
import type { RunFormat } from '../../core/run/run-format.ts';
import type { VideoCheckpoint } from '../../core/video/video-checkpoint.ts';
import type { VideoEventBody } from '../../core/video/video-event.ts';
import { VideoRunState } from '../../core/video/video-run-state.ts';
import { AppError } from '../../errors/app-error.ts';
import type { Ports } from '../../ports/ports.ts';
import type { RunFacts, RunKind } from '../runs/run-kind.ts';
import { finishVideo } from './finish-video.ts';
import { SegmentWork } from './segment-work.ts';
import { assertSameFile, prepareFileToRead } from './source-of.ts';
import { modelNameOf, secondsOf, summaryOfVideo } from './summarise-video.ts';
import type { StoredVideoRun, VideoRun, VideoTypes } from './video-types.ts';
import { masksName, WorkerStatusFiles } from './worker-files.ts';
import { writeVideoReport } from './write-video-report.ts';

/** What differs between the kinds of runs that make a video of a video. */
interface VideoKindOptions<Checkpoint extends VideoCheckpoint> {
  readonly format: RunFormat<Checkpoint, VideoEventBody>;
  /** The command that begins such runs, as it is typed. */
  readonly command: string;
  repeatCommand(checkpoint: Checkpoint): string;
}

/** A kind of run that makes a video of a video: its segments are made by workers, and put together here. */
export function videoKind<Checkpoint extends VideoCheckpoint>({
  format,
  command,
  repeatCommand,
}: VideoKindOptions<Checkpoint>): RunKind<VideoTypes<Checkpoint>> {
  return {
    ...{ format, command, repeatCommand, taskNoun: 'segments' },
    newState: (checkpoint) => new VideoRunState(checkpoint),
    facts: factsOf,
    workDone: ({ finishedFrames }) => finishedFrames,
    announce,
    startWork: (run) => new SegmentWork(run),
    follow: (run) => new WorkerStatusFiles(run),
    finish: finishVideo,
    summarise: summaryOfVideo,
    closingNotices: () => [],
    isAnswerFromHost: ({ type }) => type === 'segment-finished' || type === 'segment-failed',
    writeReport: writeVideoReport,
    changedInputs,
  };
}

function factsOf({ settings, source }: VideoCheckpoint): RunFacts {
  const { host, slots: workers, engine } = settings;
  const needs = engine.kind === 'onnx' ? 'onnx-runtime' : 'nothing';
  return { input: source.path, host, workers, needs, usualImage: 'upscaler', engine: engine.kind };
}

function announce({ session, state, observer }: VideoRun): void {
  const { checkpoint, runId } = session;
  const { kind } = checkpoint.settings.engine;
  observer.onBegin({
    runId,
    host: checkpoint.settings.host,
    frames: checkpoint.counts.frames,
    finishedFrames: state.finishedFrames,
    segments: checkpoint.segments.length,
    seconds: secondsOf(checkpoint),
    finishedBytes: [...state.segments.values()].reduce(
      (sum, { finished }) => sum + (finished?.size_bytes ?? 0),
      0,
    ),
    finishMs: expectedFinishMs(checkpoint.counts.frames, checkpoint.clip.target),
    engine: checkpoint.model === null ? kind : `${kind} (${modelNameOf(checkpoint)})`,
  });
}

async function changedInputs(
  { checkpoint, paths }: StoredVideoRun,
  state: VideoRunState,
  ports: Ports,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const masks = checkpoint.kind === 'retouch' && state.video === null ? checkpoint.masks : null;
  const files = [
    checkpoint.source,
    ...(checkpoint.model ? [checkpoint.model] : []),
    // It is read whatever its time says: only this program should have written it.
    ...(masks ? [{ ...masks, path: paths.inside(masksName), modified_ms: -1 }] : []),
  ];
  const changes: string[] = [];
  for (const file of files) {
    try {
      // What may have been deleted from the cache is made again, as long as it is needed.
      if (file === checkpoint.model && state.video === null)
        await ports.modelLibrary.provide(file.path, signal);
      if (file === checkpoint.source && state.video === null)
        await prepareFileToRead(checkpoint, ports, signal);
      else await assertSameFile(file, ports, signal);
    } catch (error) {
      const isChanged = error instanceof AppError && error.code === 'checkpoint-mismatch';
      // The source of a finished video may have been moved away.
      if (!isChanged && state.video === null) throw error;
      if (isChanged) changes.push(`${file.path} was replaced`);
    }
  }
  return changes;
}
