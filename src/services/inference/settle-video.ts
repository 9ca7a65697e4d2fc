import { createHash } from 'node:crypto';
import { dirname } from 'node:path';
import { familyNamed } from '../../core/inference/families.ts';
import type { InferenceEventOf } from '../../core/inference/inference-event.ts';
import type { VideoState } from '../../core/inference/inference-state.ts';
import { askedIn } from '../../core/inference/parameters.ts';
import { type FailureCode, failureNextSteps, type SpecFailure, specFailure } from '../../core/run/failure.ts';
import { placeName } from '../../core/run/run-ending.ts';
import { formatSpec, parseSpecFile, type SpecDocument } from '../../core/spec/parse-spec.ts';
import { AppError } from '../../errors/app-error.ts';
import type { HostRun } from '../../ports/host.ts';
import type { MadeVideo } from '../../protocol/inference.ts';
import type { TaskResult } from '../../protocol/task-result.ts';
import type { InferenceRun, VideoRunTask } from './inference-types.ts';
import { videoPath } from './plan-inference.ts';
import { enrichedFileOf, readPrompt } from './prepare-video.ts';

/** Next steps that differ from those of prompts and segments. */
const nextSteps: Partial<Record<string, string>> = {
  'out-of-memory':
    'End other programs on the GPU (cosmos host status HOST lists them), or use more GPUs (inference.num_gpu) or a smaller video, then resume the run.',
};

/**
 * Brings a video home and writes what is known of it into its spec. The file stands, verified, before the event exists; doing
 * it again changes nothing.
 */
export async function settleVideo(
  task: VideoRunTask,
  result: TaskResult,
  isReused: boolean,
  host: HostRun | null,
  run: InferenceRun,
): Promise<InferenceEventOf<'video-finished' | 'video-failed'>> {
  const { planned } = task.state;
  const made = result.video ?? null;
  if (result.status === 'failed' || made === null) {
    const code = result.error?.code ?? 'inference-failed';
    const message = result.error?.message ?? 'The video was not made.';
    const next_step = nextSteps[code] ?? failureNextSteps[code as FailureCode];
    return failedVideo(
      task.state,
      { code: code as FailureCode, message, next_step },
      result.attempts,
      task.taskKey,
    );
  }
  const output = videoPath(run.session.checkpoint.settings, planned.video, run.ports);
  const like = madeOf(task, run);
  const fault = await downloadChecked(task.taskKey, { ...made, like }, output, host, run);
  if (fault !== null) {
    const place = placeName(run.session.checkpoint.settings.host);
    const failure = specFailure('video-invalid', `The video that ${place} returned is not used: ${fault}.`);
    return failedVideo(task.state, failure, result.attempts, task.taskKey);
  }
  const controls = await downloadControls({ ...made, like }, output, host, run);
  const event: InferenceEventOf<'video-finished'> = {
    type: 'video-finished',
    ...{ video: planned.video, task_key: task.taskKey, output, is_reused: isReused },
    ...{ sha256: made.sha256, size_bytes: made.size_bytes, width: made.width, height: made.height },
    ...{ frames: made.frames, fps: made.fps, guardrails: made.guardrails, controls },
    ...{ attempts: result.attempts, duration_ms: result.duration_ms },
  };
  await writeRecord(task, event, result, run);
  return event;
}

interface Like {
  /** Files that a video is made of: who may not read one of them may not read it either. */
  readonly like: readonly string[];
}

export function madeOf(
  { state: { planned } }: Pick<VideoRunTask, 'state'>,
  run: Parameters<typeof enrichedFileOf>[1],
): string[] {
  const files = [planned.source, ...planned.controls.map(({ file }) => file)];
  return [enrichedFileOf(planned.spec, run), ...files.flatMap((file) => file?.path ?? [])];
}

export function failedVideo(
  { planned }: VideoState,
  failure: SpecFailure,
  attempts: number,
  taskKey: string | null,
): InferenceEventOf<'video-failed'> {
  return { type: 'video-failed', video: planned.video, task_key: taskKey, attempts, ...failure };
}

/** Whether the file at the place of a video is this very video. */
export async function isHome(
  { sha256 }: Pick<MadeVideo, 'sha256'>,
  output: string,
  { ports }: Pick<InferenceRun, 'ports'>,
): Promise<boolean> {
  if (!(await ports.sources.exists(output))) return false;
  return (await ports.sources.identify(output, null)).sha256 === sha256;
}

/** @param isGood - Whether what arrived is put in its place. @throws AppError as `HostRun.downloadOutput`. */
export async function downloadVideo(
  key: string,
  file: Pick<MadeVideo, 'sha256' | 'size_bytes'> & Partial<Like>,
  output: string,
  host: HostRun | null,
  run: Pick<InferenceRun, 'session' | 'ports'>,
  isGood: (arrived: string) => Promise<boolean> = async () => true,
): Promise<void> {
  if (host === null || (await isHome(file, output, run))) return;
  // Of prompts that are the same, the one video is brought to several places at once.
  const place = createHash('sha256').update(output).digest('hex').slice(0, 12);
  const arrived = run.session.paths.inside(`videos/${key}_${place}.mp4`);
  await run.ports.sources.makeFolder(dirname(arrived));
  await host.downloadOutput(key, file, arrived);
  if (await isGood(arrived)) await run.ports.sources.move(arrived, output, file.like);
  else await run.ports.sources.remove(arrived);
}

/**
 * As {@link downloadVideo}, for a video that counts once it was decoded here and is as its host says: its hash proves only that
 * it came whole.
 *
 * @returns what is wrong with it, in which case it is not in its place; null for nothing.
 */
export async function downloadChecked(
  key: string,
  made: MadeVideo & Like,
  output: string,
  host: HostRun | null,
  run: Pick<InferenceRun, 'session' | 'ports' | 'signal'>,
): Promise<string | null> {
  let fault: string | null = null;
  await downloadVideo(key, made, output, host, run, async (arrived) => {
    fault = await faultOf(arrived, made, run);
    return fault === null;
  });
  return fault;
}

async function faultOf(
  path: string,
  said: MadeVideo,
  { ports, signal }: Pick<InferenceRun, 'ports' | 'signal'>,
): Promise<string | null> {
  try {
    const { width, height, frames } = await ports.media.decode(path, signal);
    if (width === said.width && height === said.height && frames === said.frames) return null;
    return `it has ${frames} frames of ${width}x${height}, and was said to have ${said.frames} of ${said.width}x${said.height}`;
  } catch (error) {
    if (error instanceof AppError && error.code === 'video-unreadable') return 'it cannot be played';
    throw error;
  }
}

async function downloadControls(
  { controls, like }: MadeVideo & Like,
  output: string,
  host: HostRun | null,
  run: InferenceRun,
): Promise<{ kind: string; path: string }[]> {
  const brought: { kind: string; path: string }[] = [];
  for (const { kind, key, ...file } of controls) {
    const path = controlPath(output, kind);
    await downloadVideo(key, { ...file, like }, path, host, run);
    brought.push({ kind, path });
  }
  return brought;
}

/** Where a control video belongs that is kept beside a video at `output`. */
export function controlPath(output: string, kind: string): string {
  return output.replace(/\.mp4$/, `_${kind}.mp4`);
}

/** What was made of a prompt, under `metadata.inference` of its enriched spec; and in the RunSpec, where there is one. */
async function writeRecord(
  { state, isEdited }: VideoRunTask,
  event: InferenceEventOf<'video-finished'>,
  result: TaskResult,
  run: InferenceRun,
): Promise<void> {
  const { planned } = state;
  const { session, ports } = run;
  const { settings, input_root: inputRoot } = session.checkpoint;
  const record = {
    version: 1,
    ...{ run_id: session.runId, family: settings.family, model: familyNamed(settings.family).title },
    ...(isEdited && { prompt_edited: true }),
    parameters: planned.parameters,
    control_weights: Object.fromEntries(planned.controls.map(({ kind, weight }) => [kind, weight])),
    video: {
      ...{ path: event.output, sha256: event.sha256, width: event.width, height: event.height },
      ...{ frames: event.frames, fps: event.fps },
    },
    ...{ guardrails: event.guardrails, duration_ms: result.duration_ms, finished_at: result.finished_at },
  };
  const enriched = enrichedFileOf(planned.spec, run);
  const read = await readPrompt(planned.spec, run);
  const document = (await documentAt(enriched, run)) ?? (read.failure ? null : read.document);
  if (document !== null) {
    const { inference: before, ...others } = Object(document['metadata']);
    const asked = askedIn(before);
    const inference = { ...record, ...(Object.keys(asked).length > 0 && { asked }) };
    const metadata = { ...others, inference };
    await ports.specs.publish(enriched, formatSpec({ ...document, metadata }), [enriched]);
  }
  if (planned.run_spec === null) return;
  const source = ports.specs.outputPath(inputRoot, planned.run_spec);
  const runSpec = await documentAt(source, run);
  const outcome = { execution_status: 'success', output_path: event.output };
  const home = ports.specs.outputPath(settings.upsample.output_dir, planned.run_spec);
  if (runSpec) await ports.specs.publish(home, formatSpec({ ...runSpec, ...outcome }), [source]);
}

/** The document of a spec's or RunSpec's file; null where there is none. */
async function documentAt(
  path: string,
  { ports }: Pick<InferenceRun, 'ports'>,
): Promise<SpecDocument | null> {
  const bytes = await ports.specs.read(path).catch(() => null);
  if (bytes === null) return null;
  const parsed = parseSpecFile(bytes);
  if (parsed.isValid) return parsed.document;
  const plain: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'));
  return typeof plain === 'object' && plain !== null ? (plain as SpecDocument) : null;
}
