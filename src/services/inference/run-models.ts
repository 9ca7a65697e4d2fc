import { z } from 'zod';
import type { InferenceCheckpoint } from '../../core/inference/inference-checkpoint.ts';
import type { InferencePlan } from '../../core/inference/inference-plan.ts';
import type { InferenceSummary } from '../../core/inference/inference-summary.ts';
import { missingFolderError, programFolders } from '../../core/inference/program-folders.ts';
import { parseJsonAs } from '../../core/json.ts';
import { checkpointVersion } from '../../core/run/run-format.ts';
import type { WrittenFolder } from '../../core/run/written-folder.ts';
import { outputFolder } from '../../core/run/written-folder.ts';
import { localHostName, queueHostName } from '../../core/settings/host-named.ts';
import { assertServerIsNamed } from '../../core/upsample/upsample-settings.ts';
import { AppError } from '../../errors/app-error.ts';
import type { Ports } from '../../ports/ports.ts';
import type { InferenceObserver } from '../../ports/run-observer.ts';
import { withUpkeep } from '../hosts/host-upkeep.ts';
import { assertOutputsApart, lazily } from '../runs/assert-outputs-apart.ts';
import { assertWritable } from '../runs/assert-writable.ts';
import { beginRun, type RunOutcome } from '../runs/carry-out.ts';
import type { ActiveRun, RunTypes } from '../runs/run-kind.ts';
import { spaceNotice } from '../runs/space-notice.ts';
import { assertSourcesAreSafe } from '../upsample/batch-upsample.ts';
import { assertNoOtherResults } from '../upsample/other-results.ts';
import { inferenceKind } from './inference-kind.ts';
import { type InferenceRequest, planInference, videoPath } from './plan-inference.ts';
import { controlPath } from './settle-video.ts';

/** A few seconds of 720p take about so much, in bytes: only to say in time that a disk is sure to fill. */
const usualVideoBytes = 20_000_000;

/**
 * Plans a run from prompts to videos and carries it out.
 *
 * @throws AppError for anything that was wrong before the run began; the signal's reason when it aborts.
 */
export async function runModels(
  request: InferenceRequest & Pick<ActiveRun<RunTypes>, 'isDetached' | 'leave'>,
  ports: Ports,
  observer: InferenceObserver,
  signal: AbortSignal,
): Promise<RunOutcome<InferenceSummary>> {
  const { settings } = request;
  const isUpsampled = settings.stages.includes('upsample');
  if (isUpsampled) assertServerIsNamed(settings.upsample);
  await assertWritable(writtenFolders(settings, ports), ports);
  await assertProgramIsHere(settings, ports);
  await assertImageIsThere(request, ports);
  const plan = await planInference(request, ports, observer, signal);
  if (isUpsampled && plan.prompts.batches.length > 0) {
    await assertSourcesAreSafe(settings.upsample, plan.prompts, ports);
    assertNoOtherResults(plan.prompts);
  }
  await assertVideosAreApart(plan, settings, ports);
  await assertNoOtherFiles(plan, settings, ports);
  await warnOfSpace(plan, request, ports, observer);
  const { isDetached, leave } = request;
  const context = { ports, observer, signal, leave, isDetached };
  return await beginRun(inferenceKind, newCheckpoint(request, plan, ports), context);
}

const ofRunSchema = z.object({ execution_status: z.string() });

/**
 * What becomes of a RunSpec is noted in a copy beside the enriched specs: it replaces an earlier one, and nothing else unasked.
 *
 * @throws AppError `output-exists`.
 */
async function assertNoOtherFiles(
  { prompts, videos }: InferencePlan,
  { stages, force: isForced, upsample }: InferenceRequest['settings'],
  { specs, sources }: Pick<Ports, 'specs' | 'sources'>,
): Promise<void> {
  if (isForced || !stages.includes('inference')) return;
  const made = videos.filter(({ failure }) => failure === null);
  for (const name of new Set(made.map(({ run_spec: runSpec }) => runSpec))) {
    if (name === null) continue;
    const path = specs.outputPath(upsample.output_dir, name);
    if (await sources.isSameFile(path, specs.outputPath(prompts.inputRoot, name))) continue;
    const found = await specs.read(path);
    if (found === null || parseJsonAs(ofRunSchema, found) !== null) continue;
    throw new AppError({
      code: 'output-exists',
      message: `${path} would be replaced by a copy of the RunSpec ${name}, and no run of cosmos made it.`,
      nextStep: 'Keep it and choose another --output-dir, or replace it with --force.',
    });
  }
}

/** A video that is made must not replace one that another is made from. */
async function assertVideosAreApart(
  { videos }: InferencePlan,
  settings: InferenceRequest['settings'],
  ports: Pick<Ports, 'specs' | 'sources'>,
): Promise<void> {
  if (!settings.stages.includes('inference')) return;
  const made = videos.filter(({ failure }) => failure === null);
  const outputs = lazily(made, ({ video, controls }) => {
    const path = videoPath(settings, video, ports);
    const kept = settings.keep_controls ? controls.map(({ kind }) => controlPath(path, kind)) : [];
    // Without --force, a video that is there stays.
    return [...(settings.force ? [path] : []), ...kept].map((each) => ({
      path: each,
      what: `The video of ${video}`,
    }));
  });
  const sources = lazily(videos, ({ video, source, controls }) =>
    [source, ...controls.map(({ file }) => file)]
      .filter((file) => file !== null)
      .map(({ path }) => ({ path, what: `a source video of ${video}` })),
  );
  const folder = ports.specs.outputPath(settings.videos_dir, '');
  const names = lazily(made, ({ video }) => [`${video}.mp4`]);
  await assertOutputsApart({ folder, flag: '--videos-dir', names, outputs, sources }, ports);
}

function writtenFolders(
  { host, stages, videos_dir: videosDir, upsample }: InferenceRequest['settings'],
  ports: Pick<Ports, 'workFolders'>,
): readonly WrittenFolder[] {
  const videos = { ...outputFolder(videosDir, '--videos-dir'), what: 'folder of the videos' };
  return [
    ...ports.workFolders(host),
    ...(stages.includes('upsample') ? [outputFolder(upsample.output_dir, '--output-dir')] : []),
    ...(stages.includes('inference') ? [videos] : []),
  ];
}

function newCheckpoint(
  { inputs, settings }: InferenceRequest,
  { prompts, videos, videoBatches }: InferencePlan,
  ports: Ports,
): InferenceCheckpoint {
  return {
    version: checkpointVersion,
    kind: 'inference',
    run_id: ports.newRunId(),
    tool_version: ports.toolVersion,
    created_at: new Date(ports.clock.now()).toISOString(),
    input_root: prompts.inputRoot,
    inputs: [...inputs],
    settings: { ...settings, upsample: prompts.settings },
    batches: [...prompts.batches],
    specs: [...prompts.specs],
    ...(prompts.leftOut && { left_out: { ...prompts.leftOut } }),
    videos: [...videos],
    video_batches: videoBatches,
  };
}

/** The same of the folders of a program on this machine. */
async function assertProgramIsHere(
  { host, stages, program }: InferenceRequest['settings'],
  { sources, expandHome }: Pick<Ports, 'sources' | 'expandHome'>,
): Promise<void> {
  if (host !== localHostName || !stages.includes('inference')) return;
  for (const folder of programFolders(program))
    if (!(await sources.isFolder(expandHome(folder.path)))) throw missingFolderError(folder);
}

/** Prompts take hours to enrich; that the host lacks the model's image should be known before. */
async function assertImageIsThere(
  { settings }: InferenceRequest,
  ports: Pick<Ports, 'upkeep' | 'machines'>,
): Promise<void> {
  const { host: named, stages } = settings;
  if (named === queueHostName || !stages.includes('inference')) return;
  for (const host of ports.machines(named)) if (host !== localHostName) await assertImageIsOn(host, ports);
}

async function assertImageIsOn(host: string, ports: Pick<Ports, 'upkeep'>): Promise<void> {
  const facts = await withUpkeep(host, ports, (upkeep) => upkeep.status()).catch((error: unknown) => {
    // A host that cannot be reached now may be by then.
    if (error instanceof AppError && error.code === 'host-unreachable') return null;
    throw error;
  });
  const image = facts?.inferenceImage ?? null;
  if (image === null || image.isPresent) return;
  throw new AppError({
    code: 'image-missing',
    message: `${host} does not have the image ${image.name}, which the model's program runs in.`,
    nextStep: `Make it with: cosmos host prepare ${host} --inference; or enrich prompts alone with --stages upsample.`,
    missingImage: { host, role: 'inference' },
  });
}

async function warnOfSpace(
  { videos }: InferencePlan,
  { settings }: InferenceRequest,
  ports: Ports,
  observer: InferenceObserver,
): Promise<void> {
  const freeBytes = await ports.sources.freeBytes(settings.videos_dir);
  const notice = spaceNotice(settings.videos_dir, freeBytes, videos.length * usualVideoBytes);
  if (notice !== null) observer.onNotice(notice);
}
