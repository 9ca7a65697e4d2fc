import type {
  InferenceReportHeader,
  InferenceReportItem,
  ReportedVideo,
} from '../../src/core/inference/inference-report.ts';
import { usualParameters } from '../../src/core/inference/parameters.ts';
import { sampleItem } from '../browser/sample-run.ts';

const promptStatuses = { 'prompt-failed': 'failed', waiting: 'pending', 'left-out': 'pending' } as const;

/** A spec with one video; `changes` say what is different. */
export function sampleRunItem(
  index: number,
  status: InferenceReportItem['status'],
  changes: Partial<InferenceReportItem> = {},
): InferenceReportItem {
  const isPromptFailed = status === 'prompt-failed';
  const prompt = { ...sampleItem(index, isPromptFailed), hint: null };
  const promptStatus = status === 'done' || status === 'video-failed' ? 'upsampled' : promptStatuses[status];
  return {
    ...prompt,
    status,
    prompt_status: promptStatus,
    prompt_after:
      promptStatus === 'upsampled' ? `${prompt.prompt_before} Soft light falls from the left.` : null,
    videos: [sampleVideo(`${prompt.spec.replace('.json', '')}/take`, videoStatuses[status])],
    ...changes,
  };
}

const videoStatuses = {
  'prompt-failed': 'failed',
  'video-failed': 'failed',
  waiting: 'waiting',
  done: 'made',
  'left-out': 'left-out',
} as const;

export function sampleVideo(
  video: string,
  status: ReportedVideo['status'],
  changes: Partial<ReportedVideo> = {},
): ReportedVideo {
  const isMade = status === 'made' || status === 'reused';
  return {
    video,
    run_spec: null,
    status,
    file: isMade
      ? {
          path: `/home/you/outputs/videos/${video}.mp4`,
          sha256: 'cd'.repeat(32),
          size_bytes: 2_100_000,
          ...{ width: 1280, height: 704, frames: 121, fps: 24 },
        }
      : null,
    guardrails: isMade ? 'on' : null,
    is_prompt_edited: false,
    negative_prompt: 'blurry',
    parameters: usualParameters,
    controls: [
      { kind: 'edge', weight: 0.5, path: null },
      { kind: 'depth', weight: 0.25, path: '/home/you/specs/videos/depth.mp4' },
    ],
    kept_controls: [],
    warnings: [],
    attempts: isMade ? 1 : 0,
    duration_ms: isMade ? 184_000 : null,
    failure:
      status === 'failed'
        ? {
            code: 'prompt-blocked',
            message: 'The guardrail blocked the prompt.',
            next_step: 'Change the prompt in the enriched spec, then resume the run.',
          }
        : null,
    ...changes,
  };
}

/** The header that fits `items`. */
export function sampleRunHeader(
  items: readonly InferenceReportItem[],
  changes: Partial<InferenceReportHeader> = {},
): InferenceReportHeader {
  const counted = (status: InferenceReportItem['status']) =>
    items.filter((item) => item.status === status).length;
  const videos = items.flatMap((item) => item.videos);
  const countedVideos = (status: ReportedVideo['status']) =>
    videos.filter((video) => video.status === status).length;
  return {
    version: 1,
    kind: 'inference',
    run_id: '20260301-101500-7f3a9c',
    tool_version: '0.1.0',
    status: 'partial',
    ending: null,
    stages: ['upsample', 'inference'],
    family: 'transfer2.5',
    guardrails: 'on',
    host: 'gpu1',
    engine: 'openai',
    model: 'mistralai/Pixtral-12B-2409',
    input_root: '/home/you/specs',
    output_dir: '/home/you/outputs/upsampled',
    videos_dir: '/home/you/outputs/videos',
    started_at: '2026-03-01T10:15:00.000Z',
    finished_at: '2026-03-01T12:17:31.000Z',
    duration_ms: 7_351_400,
    counts: {
      total: videos.length,
      made: countedVideos('made'),
      reused: countedVideos('reused'),
      skipped: countedVideos('left-out'),
      failed: countedVideos('failed'),
      prompts: {
        total: items.length,
        upsampled: counted('done') + counted('video-failed'),
        reused: 0,
        skipped: 0,
        failed: counted('prompt-failed'),
      },
    },
    specs: {
      prompt_failed: counted('prompt-failed'),
      video_failed: counted('video-failed'),
      waiting: counted('waiting'),
      done: counted('done'),
      left_out: counted('left-out'),
    },
    token_drift: null,
    is_resumable: true,
    ...changes,
  };
}
