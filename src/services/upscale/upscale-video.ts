import { checkpointVersion } from '../../core/run/run-format.ts';
import { type UpscaleCheckpoint, upscaleFormat } from '../../core/upscale/upscale-checkpoint.ts';
import type { UpscalePlan } from '../../core/upscale/upscale-plan.ts';
import type { UpscaleSummary } from '../../core/upscale/upscale-summary.ts';
import type { Ports } from '../../ports/ports.ts';
import type { UpscaleObserver } from '../../ports/run-observer.ts';
import { beginRun, type RunOutcome } from '../runs/carry-out.ts';
import { stateOf } from '../runs/resume-run.ts';
import { spaceNotice } from '../runs/space-notice.ts';
import { expectUpscale } from './expect-upscale.ts';
import { storedStreams } from './plan-sound.ts';
import { planVideo } from './plan-video.ts';
import { segmentKeyOf } from './segment-tasks.ts';
import { encodeTimeline } from './timeline-of.ts';
import { upscaleKind } from './upscale-kind.ts';
import type { UpscaleRequest } from './upscale-types.ts';
import { publishPlanFiles } from './worker-files.ts';

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
): Promise<RunOutcome<UpscaleSummary>> {
  await noticeUnfinished(request, ports, observer);
  const plan = await planVideo(request, ports, observer, signal);
  for (const notice of plan.notices) observer.onNotice(notice);
  await warnOfSpace(plan, ports, observer);
  const context = { ports, observer, signal, isDetached: request.isDetached };
  return await beginRun(upscaleKind, newCheckpoint(plan, ports), context, (session) =>
    publishPlanFiles(session, plan),
  );
}

const runsRead = 20;

/** A new run is what was asked for; a user who forgot the stopped one may want to go on with it. */
async function noticeUnfinished(
  { inputPath, outputPath }: UpscaleRequest,
  { runs }: Pick<Ports, 'runs'>,
  observer: UpscaleObserver,
): Promise<void> {
  const listed = (await runs.list()).filter(({ kind, isLocked }) => kind === upscaleFormat.kind && !isLocked);
  for (const { folder, runId } of listed.slice(0, runsRead)) {
    const run = await runs.read(upscaleFormat, folder).catch(() => null);
    const isSame = run?.checkpoint.source.path === inputPath && run.checkpoint.settings.output === outputPath;
    if (!isSame || stateOf(upscaleKind, run).video !== null) continue;
    observer.onNotice(`Run ${runId} of this video is unfinished; it would go on with --resume ${runId}.`);
    return;
  }
}

async function warnOfSpace(plan: UpscalePlan, ports: Ports, observer: UpscaleObserver): Promise<void> {
  const { peakBytes } = await expectUpscale(plan, ports);
  const notice = spaceNotice('the output', plan.freeBytes, peakBytes ?? 0);
  if (notice !== null) observer.onNotice(notice);
}

function newCheckpoint(plan: UpscalePlan, ports: Ports): UpscaleCheckpoint {
  const { source, retimed, model, settings, clip, streams, timeline, segments } = plan;
  return {
    version: checkpointVersion,
    kind: 'upscale',
    run_id: ports.newRunId(),
    tool_version: ports.toolVersion,
    created_at: new Date(ports.clock.now()).toISOString(),
    source,
    retimed,
    model,
    settings,
    clip,
    streams: storedStreams(streams),
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
