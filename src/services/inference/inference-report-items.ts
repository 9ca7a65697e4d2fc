import type {
  InferenceReportItem,
  ReportedVideo,
  RunSpecStatus,
} from '../../core/inference/inference-report.ts';
import { runSpecStatuses } from '../../core/inference/inference-report.ts';
import type { InferenceState, VideoState } from '../../core/inference/inference-state.ts';
import { failureFacts } from '../../core/run/failure.ts';
import type { PromptSpec } from '../../core/spec/prompt-spec.ts';
import type { SpecState } from '../../core/upsample/upsample-state.ts';
import type { SpecStore } from '../../ports/spec-store.ts';
import { readAhead, readReportItem } from '../upsample/report-items.ts';
import { promptsCheckpoint, type StoredInference } from './inference-types.ts';
import { isPromptEdited } from './prepare-video.ts';

/** A spec with its videos, before its file is read. */
export interface ReportedSpec {
  readonly prompt: SpecState;
  readonly videos: readonly VideoState[];
  readonly status: RunSpecStatus;
}

/** The specs of a run as its report lists them: what needs a person first. */
export function reportedSpecs(state: InferenceState): ReportedSpec[] {
  const videosOf = Map.groupBy(state.videos.values(), ({ planned }) => planned.spec);
  const specs = [...state.prompts.specs.values()].map((prompt) => {
    const videos = videosOf.get(prompt.planned.spec) ?? [];
    return { prompt, videos, status: statusOf(prompt, videos, state) };
  });
  const byStatus = Map.groupBy(specs, ({ status }) => status);
  return runSpecStatuses.flatMap((status) => byStatus.get(status) ?? []);
}

/** The items of a run's report, in the order of `specs`, read from the files they describe. */
export function inferenceReportItems(
  specs: readonly ReportedSpec[],
  { checkpoint }: Pick<StoredInference, 'checkpoint'>,
  state: InferenceState,
  store: SpecStore,
): AsyncIterable<InferenceReportItem> {
  const prompts = promptsCheckpoint(checkpoint);
  return readAhead(specs, async ({ prompt, videos, status }) => {
    const { item, spec } = await readReportItem(prompt, prompts, store);
    const source = videos[0]?.planned.source;
    return {
      ...item,
      video: item.video ?? (source ? pictureOf(source) : null),
      failure: item.failure ?? (prompt.planned.failure && failureFacts(prompt.planned.failure)),
      prompt_status: item.status,
      status,
      videos: videos.map((video) => reportedVideo(video, spec, state)),
    };
  });
}

export function madeFileOf({ finished }: VideoState): ReportedVideo['file'] {
  if (finished === null) return null;
  const { output: path, sha256, size_bytes, width, height, frames, fps } = finished;
  return { path, sha256, size_bytes, width, height, frames, fps };
}

function statusOf(prompt: SpecState, videos: readonly VideoState[], state: InferenceState): RunSpecStatus {
  const statuses = videos.map((video) => videoStatusOf(video, state));
  if (statuses.length > 0 && statuses.every((status) => status === 'left-out')) return 'left-out';
  if (prompt.failed ?? prompt.planned.failure) return 'prompt-failed';
  if (statuses.includes('failed')) return 'video-failed';
  const isPromptDone = prompt.finished !== null || prompt.planned.action === 'skip';
  return !isPromptDone || statuses.includes('waiting') ? 'waiting' : 'done';
}

function videoStatusOf(video: VideoState, state: InferenceState): ReportedVideo['status'] {
  if (video.finished) return video.finished.is_reused ? 'reused' : 'made';
  if (state.isSkipped(video)) return 'left-out';
  return state.failureOf(video) ? 'failed' : 'waiting';
}

function reportedVideo(video: VideoState, spec: PromptSpec | null, state: InferenceState): ReportedVideo {
  const { planned, prepared, finished, failed } = video;
  const status = videoStatusOf(video, state);
  const failure = status === 'failed' ? state.failureOf(video) : null;
  return {
    video: planned.video,
    run_spec: planned.run_spec,
    status,
    file: madeFileOf(video),
    guardrails: finished?.guardrails ?? null,
    // Until a video is made of it, what is in the file counts.
    is_prompt_edited: finished && prepared ? prepared.is_edited : spec !== null && isPromptEdited(spec),
    negative_prompt: planned.negative_prompt,
    parameters: planned.parameters,
    controls: planned.controls.map(({ kind, weight, file }) => ({ kind, weight, path: file?.path ?? null })),
    kept_controls: finished?.controls ?? [],
    warnings: [...planned.warnings, ...(prepared?.warnings ?? [])],
    attempts: finished?.attempts ?? failed?.attempts ?? 0,
    duration_ms: finished?.duration_ms ?? null,
    failure: failure && failureFacts(failure),
  };
}

function pictureOf({ path, width, height, frames }: NonNullable<VideoState['planned']['source']>) {
  return { path, width, height, frames };
}
