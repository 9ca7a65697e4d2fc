import { expectedFinishMs } from '../../core/frames/estimate.ts';
import type { VideoSetCheckpoint } from '../../core/video-set/set-checkpoint.ts';
import { videoSetFormat } from '../../core/video-set/set-checkpoint.ts';
import { outcomeOfVideo, VideoSetState } from '../../core/video-set/set-state.ts';
import { AppError } from '../../errors/app-error.ts';
import type { Ports } from '../../ports/ports.ts';
import type { RunFacts, RunKind } from '../runs/run-kind.ts';
import { assertSameFile, withModelPath } from '../video/source-of.ts';
import { modelNameOf } from '../video/summarise-video.ts';
import { newVideoSetCommand } from './resume-set.ts';
import type { StoredVideoSet, VideoSetRun, VideoSetTypes } from './set-types.ts';
import { VideoSetWork } from './set-work.ts';
import { summaryOfVideoSet } from './summarise-set.ts';
import { writeVideoSetReport } from './write-set-report.ts';

/** Runs that upscale several videos: a task of one is a video, which is made as `upscale` makes a single one. */
export const videoSetKind: RunKind<VideoSetTypes> = {
  format: videoSetFormat,
  command: 'cosmos upscale',
  taskNoun: 'videos',
  newState: (checkpoint) => new VideoSetState(checkpoint),
  facts: factsOf,
  workDone: ({ finishedFrames, counts }) => finishedFrames + counts.skipped,
  announce,
  startWork: (run) => new VideoSetWork(run),
  follow: () => null,
  finish: async ({ state }) => !state.takeDeferred(),
  summarise: summaryOfVideoSet,
  closingNotices: () => [],
  isAnswerFromHost: ({ type }) => type === 'segment-finished' || type === 'segment-failed',
  writeReport: writeVideoSetReport,
  changedInputs,
  repeatCommand: (checkpoint) =>
    newVideoSetCommand(checkpoint.inputs, checkpoint.suffix, withModelPath(checkpoint.settings, checkpoint)),
};

function factsOf({ settings, inputs }: VideoSetCheckpoint): RunFacts {
  const { host, slots: workers, engine } = settings;
  const needs = engine.kind === 'onnx' ? 'onnx-runtime' : 'nothing';
  return { input: inputs[0] ?? '', host, workers, needs, usualImage: 'upscaler', engine: engine.kind };
}

function announce({ session, state, observer }: VideoSetRun): void {
  const { checkpoint, runId } = session;
  const { kind } = checkpoint.settings.engine;
  observer.onBegin({
    ...{ runId, host: checkpoint.settings.host },
    engine: checkpoint.model === null ? kind : `${kind} (${modelNameOf(checkpoint)})`,
    videos: state.videos.map((video) => {
      const { planned, plan, finishedSegments, finished } = video;
      const size = plan ?? planned.target;
      const frames = plan?.frames ?? planned.frames;
      return {
        name: planned.name,
        frames,
        framesPerSecond: planned.frames_per_second ?? null,
        finishedBytes: finished?.size_bytes ?? 0,
        finishMs: size && frames ? expectedFinishMs(frames, size) : 0,
        framePixels: size && size.width * size.height,
        finishedFrames: [...finishedSegments.values()].reduce((sum, frames) => sum + frames, 0),
        isSettled: outcomeOfVideo(video) !== 'open',
      };
    }),
  });
}

/**
 * A video that has changed is upscaled from its beginning when its turn comes, so that only the model may not be another one; of a
 * run that has ended, no finished video either.
 */
async function changedInputs(
  { checkpoint }: StoredVideoSet,
  state: VideoSetState,
  ports: Ports,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const { model } = checkpoint;
  const changes: string[] = [];
  if (model !== null && state.pending.length > 0) {
    // What may have been deleted from the cache is made again.
    await ports.modelLibrary.provide(model.path, signal);
    await assertSameFile(model, ports, signal).catch((error: unknown) => {
      if (!(error instanceof AppError) || error.code !== 'checkpoint-mismatch') throw error;
      changes.push(`${model.path} was replaced`);
    });
  }
  if (state.pending.length > 0) return changes;
  for (const { planned, finished } of state.videos) {
    const [file] =
      finished === null ? [] : await ports.sources.find(planned.input, new Set()).catch(() => []);
    if (file && (file.sizeBytes !== planned.size_bytes || file.modifiedMs !== planned.modified_ms))
      changes.push(`${planned.input} was replaced`);
  }
  return changes;
}
