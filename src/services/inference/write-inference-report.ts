import { inferenceFormat } from '../../core/inference/inference-checkpoint.ts';
import { type InferenceReportHeader, inferenceReportVersion } from '../../core/inference/inference-report.ts';
import type { InferenceState } from '../../core/inference/inference-state.ts';
import { guardrailsOf } from '../../core/inference/program.ts';
import { machinesOf } from '../../core/run/machine-timeline.ts';
import { runEndingOf } from '../../core/run/run-ending.ts';
import type { Ports } from '../../ports/ports.ts';
import { hintName } from '../upsample/prepare-task.ts';
import { tokenDriftOf } from '../upsample/report-items.ts';
import { answeringModelOf } from '../upsample/summarise-upsample.ts';
import {
  inferenceReportItems,
  madeFileOf,
  type ReportedSpec,
  reportedSpecs,
} from './inference-report-items.ts';
import type { StoredInference } from './inference-types.ts';
import { makePictures } from './video-previews.ts';

/** Writes both reports of a run from prompts to videos as it stands. */
export async function writeInferenceReport(
  run: StoredInference,
  state: InferenceState,
  ports: Ports,
): Promise<void> {
  const { paths } = run;
  const specs = reportedSpecs(state);
  // An open run holds the events of earlier sessions only.
  const { events } = await ports.runs.read(inferenceFormat, run.folder);
  const wanted = {
    made: specs.flatMap(({ videos }) => videos.flatMap((video) => madeFileOf(video) ?? [])),
    inputs: specs.flatMap(unsentInput),
  };
  const { previews, inputs } = await makePictures(wanted, paths, ports);
  await ports.reports.writeInference(
    { json: paths.reportJson, html: paths.reportHtml },
    headerOf({ ...run, events }, state, specs, ports),
    () => inferenceReportItems(specs, run, state, ports.specs),
    {
      inputFrames: ({ hint, video }) =>
        hint ? paths.inside(hintName(hint.sha256)) : (inputs.get(video?.path ?? '') ?? null),
      previewOf: (sha256) => previews.get(sha256) ?? null,
    },
  );
}

/** The video of a spec of which no frames were sent to a model that writes prompts. */
function unsentInput({ prompt, videos }: ReportedSpec): string[] {
  const path = prompt.planned.video?.path ?? videos[0]?.planned.source?.path;
  return prompt.prepared?.hint || path === undefined ? [] : [path];
}

function headerOf(
  { runId, checkpoint, events }: Pick<StoredInference, 'runId' | 'checkpoint' | 'events'>,
  state: InferenceState,
  specs: readonly ReportedSpec[],
  { toolVersion }: Pick<Ports, 'toolVersion'>,
): InferenceReportHeader {
  const { settings, created_at: startedAt } = checkpoint;
  const { engine } = settings.upsample;
  const isUpsampled = settings.stages.includes('upsample');
  const last = [...events].at(-1);
  const end = last?.type === 'run-finished' ? last : null;
  const isOver = end !== null && end.status !== 'paused' && end.status !== 'detached';
  const counted = (status: ReportedSpec['status']) => specs.filter((spec) => spec.status === status).length;
  return {
    version: inferenceReportVersion,
    kind: 'inference',
    run_id: runId,
    tool_version: toolVersion,
    status: state.standing,
    ending: runEndingOf(state, { runId, host: settings.host, taskNoun: 'videos' }),
    stages: settings.stages,
    family: settings.family,
    guardrails: guardrailsOf(settings.program.command),
    host: settings.host,
    engine: isUpsampled ? engine.kind : '',
    model: isUpsampled ? engine.model || answeringModelOf(state.prompts) : '',
    input_root: checkpoint.input_root,
    output_dir: settings.upsample.output_dir,
    videos_dir: settings.videos_dir,
    started_at: startedAt,
    finished_at: isOver ? end.time : null,
    duration_ms: state.workedMs,
    counts: state.counts,
    specs: {
      prompt_failed: counted('prompt-failed'),
      video_failed: counted('video-failed'),
      waiting: counted('waiting'),
      done: counted('done'),
      left_out: counted('left-out'),
    },
    token_drift: isUpsampled ? tokenDriftOf(state.prompts, settings.upsample) : null,
    is_resumable: state.isResumable,
    machines: machinesOf(events),
  };
}
