import { familyNamed } from '../../core/inference/families.ts';
import { type InferenceCheckpoint, inferenceFormat } from '../../core/inference/inference-checkpoint.ts';
import type { InferenceEventBody } from '../../core/inference/inference-event.ts';
import { InferenceState } from '../../core/inference/inference-state.ts';
import { upsampleEngineText } from '../../core/upsample/upsample-summary.ts';
import type { Ports } from '../../ports/ports.ts';
import { RunEventRecorder } from '../runs/event-recorder.ts';
import type { RunFacts, RunKind, RunWork } from '../runs/run-kind.ts';
import { rememberControlTokens } from '../upsample/server-settings.ts';
import { driftNoticesOf } from '../upsample/summarise-upsample.ts';
import { upsampleKind } from '../upsample/upsample-kind.ts';
import { UpsampleWork } from '../upsample/upsample-work.ts';
import {
  type InferenceRun,
  type InferenceTypes,
  promptsCheckpoint,
  promptsRun,
  type StoredInference,
} from './inference-types.ts';
import { newInferenceCommand } from './resume-inference.ts';
import { summaryOfInference } from './summarise-inference.ts';
import { VideoWork } from './video-work.ts';
import { writeInferenceReport } from './write-inference-report.ts';

/** Runs from prompts to videos: prompts are enriched, then a model makes a video of each. */
export const inferenceKind: RunKind<InferenceTypes> = {
  format: inferenceFormat,
  command: 'cosmos run',
  taskNoun: 'videos',

  newState: (checkpoint) => new InferenceState(checkpoint),
  facts: factsOf,
  workDone: ({ counts }) => counts.made + counts.reused + counts.prompts.upsampled + counts.prompts.reused,
  announce,
  startWork,
  follow: () => null,
  finish: goOnToNextStage,
  summarise: summaryOfInference,
  closingNotices: ({ token_drift: drift }) => driftNoticesOf(drift),
  isAnswerFromHost,
  writeReport: writeInferenceReport,
  changedInputs,
  repeatCommand: ({ inputs, settings }) => newInferenceCommand(inputs, settings),
};

function factsOf({ settings, inputs, input_root: inputRoot }: InferenceCheckpoint): RunFacts {
  const { host, workers, family } = settings;
  return { input: inputs[0] ?? inputRoot, host, workers, needs: 'inference-model', engine: family };
}

function announce({ session, state, observer }: InferenceRun): void {
  const { settings } = session.checkpoint;
  const { counts } = state;
  const { engine } = settings.upsample;
  const prompts = counts.prompts;
  observer.onBegin({
    runId: session.runId,
    host: settings.host,
    total: settings.stages.includes('upsample') ? prompts.total - prompts.skipped : 0,
    settled: prompts.upsampled + prompts.reused + prompts.failed,
    failed: prompts.failed,
    concurrency: engine.concurrency * settings.workers,
    engine: settings.stages.includes('upsample') ? upsampleEngineText(engine.kind, engine.model) : '',
    videos: counts.total,
    settledVideos: counts.made + counts.reused + counts.skipped + counts.failed,
    family: familyNamed(settings.family).title,
  });
}

function startWork(run: InferenceRun): RunWork<InferenceTypes> {
  if (run.state.stage === 'inference') return new VideoWork(run);
  const { command = [] } = run.session.checkpoint.settings.upsample.engine;
  const needs = command.length > 0 ? 'model-server' : 'nothing';
  const makesVideos = run.session.checkpoint.settings.stages.includes('inference');
  const work = new UpsampleWork(promptsRun(run));
  return Object.assign(work, { needs, isAwaited: makesVideos } as const);
}

/** The stage that was worked on has nothing left to do: the next one begins, unless a person is to read the prompts first. */
async function goOnToNextStage(run: InferenceRun): Promise<boolean> {
  const { session, state, ports } = run;
  if (state.stage === 'upsample')
    await rememberControlTokens(state.prompts, session.checkpoint.settings.upsample, ports);
  const { nextStage } = state;
  if (nextStage === null || state.isPaused) return true;
  new RunEventRecorder<InferenceTypes>(run).emit({ type: 'stage-started', stage: nextStage });
  await session.flush(true);
  return false;
}

function isAnswerFromHost(event: InferenceEventBody): boolean {
  if (event.type === 'video-finished') return !event.is_reused;
  if (event.type === 'video-failed') return event.attempts > 0;
  if (event.type === 'task-finished') return !event.is_reused;
  return event.type === 'task-failed' && event.attempts > 0;
}

/** Prompts may be edited while the run waits; specs that are still to be enriched, and the videos, may not change. */
async function changedInputs(
  { checkpoint, ...run }: StoredInference,
  state: InferenceState,
  ports: Ports,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const ofPrompts =
    state.prompts.pendingCount > 0
      ? await upsampleKind.changedInputs(
          { ...run, checkpoint: promptsCheckpoint(checkpoint), events: [] },
          state.prompts,
          ports,
          signal,
        )
      : [];
  const changes: string[] = [];
  const { isEnded } = state;
  const files = new Map(
    [...state.videos.values()]
      .filter(({ finished, planned }) => (finished !== null) === isEnded && planned.failure === null)
      .flatMap(({ planned }) => [planned.source, ...planned.controls.map(({ file }) => file)])
      .flatMap((file) => (file ? [[file.path, file] as const] : [])),
  );
  for (const { path, size_bytes: sizeBytes, modified_ms: modifiedMs } of files.values()) {
    const found = await ports.specs.statVideo(path);
    // Those of finished videos may have been moved away.
    if (found === null) changes.push(...(isEnded ? [] : [`the video ${path} is gone`]));
    else if (found.sizeBytes !== sizeBytes || found.modifiedMs !== modifiedMs)
      changes.push(`the video ${path} was replaced`);
  }
  return [...ofPrompts, ...changes];
}
