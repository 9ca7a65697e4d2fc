import pMap from 'p-map';
import { machinesOf } from '../../core/run/machine-timeline.ts';
import { runEndingOf } from '../../core/run/run-ending.ts';
import { localHostName } from '../../core/settings/host-named.ts';
import { type UpsampleCheckpoint, upsampleFormat } from '../../core/upsample/upsample-checkpoint.ts';
import type { UpsampleEventBody } from '../../core/upsample/upsample-event.ts';
import { outputFileOf } from '../../core/upsample/upsample-plan.ts';
import { type ReportHeader, reportVersion } from '../../core/upsample/upsample-report.ts';
import { type SpecState, UpsampleState } from '../../core/upsample/upsample-state.ts';
import { upsampleEngineText } from '../../core/upsample/upsample-summary.ts';
import type { Ports } from '../../ports/ports.ts';
import type { RunFacts, RunKind } from '../runs/run-kind.ts';
import { findSource } from './find-source.ts';
import { filesIn } from './other-results.ts';
import { hintName } from './prepare-task.ts';
import { readOnce, reportItems, tokenDriftOf } from './report-items.ts';
import { newUpsampleCommand } from './resume-upsample.ts';
import { rememberControlTokens } from './server-settings.ts';
import { answeringModelOf, driftNoticesOf, summaryOfUpsample } from './summarise-upsample.ts';
import type { StoredUpsample, UpsampleRun, UpsampleTypes } from './upsample-types.ts';
import { UpsampleWork } from './upsample-work.ts';

/** Files read at once, for each core, when inputs are compared with the plan. */
const readsPerCore = 8;

export const upsampleKind: RunKind<UpsampleTypes> = {
  format: upsampleFormat,
  command: 'cosmos batch-upsample',
  taskNoun: 'specs',

  newState: ({ specs, settings }) => new UpsampleState(specs, settings.output_dir),
  facts: factsOf,
  workDone: ({ counts }) => counts.upsampled + counts.reused,
  announce,
  startWork: (run) => new UpsampleWork(run),
  follow: () => null,
  finish: async ({ session, state, ports, observer }) => {
    if (isDoneBefore(session.events))
      for (const notice of await idleNotices(session, state, ports)) observer.onNotice(notice);
    // Each enriched spec was written when its result came.
    await rememberControlTokens(state, session.checkpoint.settings, ports);
    return true;
  },
  summarise: summaryOfUpsample,
  closingNotices: ({ token_drift: drift }) => driftNoticesOf(drift),
  isAnswerFromHost,
  writeReport: writeUpsampleReport,
  changedInputs,
  repeatCommand: ({ inputs, settings }) => newUpsampleCommand(inputs, settings),
};

/** The session before left nothing to do. */
function isDoneBefore(events: UpsampleRun['session']['events']): boolean {
  let isDone = false;
  for (const event of events) if (event.type === 'run-finished') isDone = event.status === 'complete';
  return isDone;
}

/** What a session says that has nothing to do: what was deleted is not written again. */
async function idleNotices(
  { checkpoint: { inputs, settings } }: UpsampleRun['session'],
  state: UpsampleState,
  { specs }: Pick<Ports, 'specs'>,
): Promise<string[]> {
  const present = await filesIn(settings.output_dir, specs);
  let gone = 0;
  for (const { planned, finished } of state.specs.values())
    if (finished !== null && !present.has(outputFileOf(planned))) gone += 1;
  if (gone === 0) return ['Nothing was left to do: all specs were done before.'];
  const what = gone === 1 ? '1 enriched spec is' : `${gone} enriched specs are`;
  return [
    `Nothing was left to do, but ${what} no longer in ${settings.output_dir}. A new run writes them again, from the answers it still has: ${newUpsampleCommand(inputs, settings)}`,
  ];
}

function factsOf({ settings, inputs, input_root: inputRoot }: UpsampleCheckpoint): RunFacts {
  const { host, workers, engine } = settings;
  return {
    input: inputs[0] ?? inputRoot,
    host,
    workers,
    needs: (engine.command?.length ?? 0) > 0 ? 'model-server' : 'nothing',
    engine: engine.kind,
  };
}

function announce({ session, state, observer }: UpsampleRun): void {
  const { settings } = session.checkpoint;
  const { failed, total } = state.taskCounts;
  observer.onBegin({
    runId: session.runId,
    host: settings.host,
    total,
    settled: total - state.pendingCount,
    failed,
    concurrency: settings.engine.concurrency * settings.workers,
    engine: upsampleEngineText(settings.engine.kind, settings.engine.model),
  });
}

function isAnswerFromHost(event: UpsampleEventBody): boolean {
  return event.type === 'task-finished'
    ? !event.is_reused
    : event.type === 'task-failed' && event.attempts > 0;
}

/** Finished specs may have been moved away; one that was edited since would be enriched otherwise by now. */
async function changedInputs(
  run: StoredUpsample,
  state: UpsampleState,
  ports: Ports,
): Promise<readonly string[]> {
  const isEnded = state.pendingCount === 0;
  const compared = [...state.specs.values()].filter(({ planned, finished }) =>
    isEnded ? finished !== null : !state.isSettled(planned.spec),
  );
  const changes = await pMap(compared, (spec) => changeOf(spec, run, ports), {
    concurrency: ports.parallelism * readsPerCore,
  });
  return changes.filter((change) => change !== null);
}

async function changeOf(
  { planned, finished }: SpecState,
  run: StoredUpsample,
  { specs }: Pick<Ports, 'specs'>,
): Promise<string | null> {
  const found = await findSource(planned, run, specs);
  if (!found.isFound) {
    if (finished !== null && found.isGone) return null;
    return finished === null
      ? `${planned.spec} was edited or is gone (${found.failure.message})`
      : `${planned.spec} was edited`;
  }
  if (planned.video === null) return null;
  const video = await specs.statVideo(planned.video.path);
  if (video === null) return finished === null ? `the video ${planned.video.path} is gone` : null;
  const isSame =
    video.sizeBytes === planned.video.size_bytes && video.modifiedMs === planned.video.modified_ms;
  return isSame ? null : `the video ${planned.video.path} was replaced`;
}

async function writeUpsampleReport(
  run: Pick<StoredUpsample, 'runId' | 'folder' | 'checkpoint' | 'paths'>,
  state: UpsampleState,
  ports: Pick<Ports, 'reports' | 'runs' | 'specs' | 'clock' | 'toolVersion'>,
): Promise<void> {
  const { paths, checkpoint, folder } = run;
  // An open run holds the events of earlier sessions only. Reading all of a large run takes a while, and this machine is one.
  const isLocal = checkpoint.settings.host === localHostName;
  const { events } = isLocal ? { events: [] } : await ports.runs.read(upsampleFormat, folder);
  await ports.reports.write(
    { json: paths.reportJson, html: paths.reportHtml },
    { ...headerOf(run, state, ports), machines: machinesOf(events) },
    readOnce(() => reportItems(checkpoint, state, ports.specs)),
    (sha256) => paths.inside(hintName(sha256)),
  );
}

function headerOf(
  { runId, checkpoint }: Pick<StoredUpsample, 'runId' | 'checkpoint'>,
  state: UpsampleState,
  { toolVersion }: Pick<Ports, 'toolVersion'>,
): ReportHeader {
  const { settings } = checkpoint;
  const isEnded = state.pendingCount === 0;
  return {
    version: reportVersion,
    run_id: runId,
    tool_version: toolVersion,
    status: state.standing,
    ending: runEndingOf(state, { runId, host: settings.host, taskNoun: upsampleKind.taskNoun }),
    host: settings.host,
    engine: settings.engine.kind,
    model: settings.engine.model || answeringModelOf(state),
    input_root: checkpoint.input_root,
    output_dir: settings.output_dir,
    started_at: checkpoint.created_at,
    finished_at: isEnded ? state.lastTime : null,
    duration_ms: state.workedMs,
    counts: state.counts,
    token_drift: tokenDriftOf(state, settings),
    is_resumable: state.isResumable,
  };
}
