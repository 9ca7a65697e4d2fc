import { type UpscaleCheckpoint, upscaleCheckpointVersion } from '../../core/upscale/upscale-checkpoint.ts';
import type { UpscalePlan } from '../../core/upscale/upscale-plan.ts';
import { UpscaleState } from '../../core/upscale/upscale-state.ts';
import type { Ports } from '../../ports/ports.ts';
import type { UpscaleObserver } from '../../ports/run-observer.ts';
import { carryOutUpscale, type UpscaleOutcome } from './carry-out-upscale.ts';
import { expectUpscale } from './expect-upscale.ts';
import { planVideo } from './plan-video.ts';
import { upscaleStateOf } from './resume-upscale.ts';
import { publishPlanFiles } from './seed-files.ts';
import { segmentKeyOf } from './segment-tasks.ts';
import { encodeTimeline } from './timeline-of.ts';
import type { UpscaleRequest } from './upscale-request.ts';

/**
 * Plans an upscale run and carries it out.
 *
 * @throws AppError for anything that was wrong before the run began; the signal's reason when it aborts.
 */
export async function upscaleVideo(
  request: UpscaleRequest & { readonly isDetached: boolean },
  ports: Ports,
  observer: UpscaleObserver,
  signal: AbortSignal,
): Promise<UpscaleOutcome> {
  await tellOfUnfinished(request, ports, observer);
  const plan = await planVideo(request, ports, observer, signal);
  for (const notice of plan.notices) observer.onNotice(notice);
  await warnOfSpace(plan, ports, observer);
  const session = await ports.upscaleRuns.create(newCheckpoint(plan, ports));
  try {
    await publishPlanFiles(session, plan);
  } catch (error) {
    await session.release();
    throw error;
  }
  const state = new UpscaleState(session.checkpoint);
  return await carryOutUpscale({ session, state, ports, observer, signal, isDetached: request.isDetached });
}

/** Runs that are looked through for one that could be resumed instead. */
const runsLookedAt = 20;

/** Beginning anew is what was asked for; whoever forgot the run that was stopped may want to go on with it. */
async function tellOfUnfinished(
  { inputPath, outputPath }: UpscaleRequest,
  { runs, upscaleRuns }: Pick<Ports, 'runs' | 'upscaleRuns'>,
  observer: UpscaleObserver,
): Promise<void> {
  const listed = (await runs.list()).filter(({ kind, isLocked }) => kind === 'upscale' && !isLocked);
  for (const { folder, runId } of listed.slice(0, runsLookedAt)) {
    const run = await upscaleRuns.read(folder).catch(() => null);
    const isSame = run?.checkpoint.source.path === inputPath && run.checkpoint.settings.output === outputPath;
    if (!isSame || upscaleStateOf(run).video !== null) continue;
    observer.onNotice(`Run ${runId} of this video is unfinished; it would go on with --resume ${runId}.`);
    return;
  }
}

/** A full disk ends no run for good; one that is sure to fill should be known of before. */
async function warnOfSpace(plan: UpscalePlan, ports: Ports, observer: UpscaleObserver): Promise<void> {
  const { peakBytes } = await expectUpscale(plan, ports);
  const { freeBytes } = plan;
  if (peakBytes === null || freeBytes === null || peakBytes <= freeBytes) return;
  const megabytes = (bytes: number) => `${Math.ceil(bytes / 1e6)} MB`;
  observer.onNotice(
    `The disk of the output has ${megabytes(freeBytes)} free, and about ${megabytes(peakBytes)} are needed.`,
  );
}

function newCheckpoint(plan: UpscalePlan, ports: Ports): UpscaleCheckpoint {
  const { source, model, settings, clip, timeline, segments } = plan;
  return {
    version: upscaleCheckpointVersion,
    kind: 'upscale',
    run_id: ports.newRunId(),
    tool_version: ports.toolVersion,
    created_at: new Date(ports.clock.now()).toISOString(),
    source,
    model,
    settings,
    clip,
    timeline: encodeTimeline(timeline),
    counts: {
      frames: timeline.times.length,
      unique_frames: timeline.uniqueFrames.length,
      batches: Math.ceil(timeline.uniqueFrames.length / settings.engine.batch_size),
    },
    segments: segments.map((segment) => ({
      segment_id: segment.segmentId,
      task_key: segmentKeyOf(segment, plan),
      first_frame: segment.firstFrame,
      frames: segment.frames,
      first_unique: segment.firstUnique,
      unique_frames: segment.uniqueFrames,
      first_batch: segment.firstBatch,
      seek_time: segment.seekTime,
    })),
    notices: [...plan.notices],
    scan_ms: plan.scanMs,
  };
}
