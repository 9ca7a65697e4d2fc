import { resumeCommand } from '../../core/run/run-commands.ts';
import type { VideoCheckpoint } from '../../core/video/video-checkpoint.ts';
import type { VideoPlan } from '../../core/video/video-plan.ts';
import { VideoRunState } from '../../core/video/video-run-state.ts';
import type { VideoSummary } from '../../core/video/video-summary.ts';
import type { Ports } from '../../ports/ports.ts';
import type { VideoObserver } from '../../ports/run-observer.ts';
import { assertWritable } from '../runs/assert-writable.ts';
import { beginRun, type RunContext, type RunOutcome } from '../runs/carry-out.ts';
import { stateOf } from '../runs/resume-run.ts';
import type { RunKind } from '../runs/run-kind.ts';
import { spaceNotice } from '../runs/space-notice.ts';
import { expectVideo } from './expect-video.ts';
import { storedStreams } from './plan-sound.ts';
import { planVideo } from './plan-video.ts';
import { segmentKeyOf } from './segment-tasks.ts';
import { encodeTimeline } from './timeline-of.ts';
import type { StoredVideoRun, VideoOperation, VideoRequest, VideoTypes } from './video-types.ts';
import { publishPlanFiles } from './worker-files.ts';

/** What the checkpoints of all kinds hold of a plan. */
type PlanOfVideo = Omit<VideoCheckpoint, 'version' | 'kind' | 'settings' | 'regions'>;

/**
 * Plans a run that makes a video of a video, and carries it out.
 *
 * @throws AppError for anything that was wrong before the run began; the signal's reason when it aborts.
 */
export async function beginVideo<Checkpoint extends VideoCheckpoint>(
  kind: RunKind<VideoTypes<Checkpoint>>,
  { request, operation }: { readonly request: VideoRequest; readonly operation: VideoOperation },
  context: RunContext<VideoTypes<Checkpoint>>,
  newCheckpoint: (plan: VideoPlan, planned: PlanOfVideo) => Checkpoint,
): Promise<RunOutcome<VideoSummary>> {
  const { ports, observer, signal } = context;
  await assertWritable(ports.workFolders(request.host), ports);
  await noticeUnfinished(kind, request, ports, observer);
  // It loads while the file is read.
  using _expected = ports.host(request.host).expectRun?.();
  const plan = await planVideo(request, operation, ports, observer, signal);
  for (const notice of plan.notices) observer.onNotice(notice);
  await warnOfSpace(plan, ports, observer);
  return await beginRun(kind, newCheckpoint(plan, plannedOf(plan, ports)), context, (session) =>
    publishPlanFiles(session, plan),
  );
}

const runsRead = 20;

/** A new run is what was asked for; a user who forgot the stopped one may want to continue it. */
async function noticeUnfinished<Checkpoint extends VideoCheckpoint>(
  kind: RunKind<VideoTypes<Checkpoint>>,
  { inputPath, outputPath }: VideoRequest,
  { runs }: Pick<Ports, 'runs'>,
  observer: VideoObserver,
): Promise<void> {
  const { format } = kind;
  const listed = (await runs.list()).filter((run) => run.kind === format.kind && !run.isLocked);
  for (const { folder, runId } of listed.slice(0, runsRead)) {
    const run: StoredVideoRun | null = await runs.read(format, folder).catch(() => null);
    const isSame = run?.checkpoint.source.path === inputPath && run.checkpoint.settings.output === outputPath;
    if (
      !isSame ||
      stateOf<VideoTypes>({ newState: (checkpoint) => new VideoRunState(checkpoint) }, run).video !== null
    )
      continue;
    observer.onNotice(`Run ${runId} of this video is unfinished; to continue it: ${resumeCommand(runId)}`);
    return;
  }
}

async function warnOfSpace(plan: VideoPlan, ports: Ports, observer: VideoObserver): Promise<void> {
  const { peakBytes } = await expectVideo(plan, ports);
  const notice = spaceNotice('the output', plan.freeBytes, peakBytes ?? 0);
  if (notice !== null) observer.onNotice(notice);
}

/** A plan as a checkpoint holds it. */
export function plannedOf(plan: VideoPlan, ports: Ports): PlanOfVideo {
  const { source, pictures, retimed, model, settings, clip, streams, timeline, segments } = plan;
  return {
    run_id: ports.newRunId(),
    tool_version: ports.toolVersion,
    created_at: new Date(ports.clock.now()).toISOString(),
    source,
    ...(pictures && { pictures }),
    retimed,
    model,
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
      ...(segment.context.before + segment.context.after > 0 && { context: { ...segment.context } }),
    })),
    notices: [...plan.notices],
    scan_ms: plan.scanMs,
  };
}
