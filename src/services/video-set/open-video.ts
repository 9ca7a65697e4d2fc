import { createHash } from 'node:crypto';
import { dirname } from 'node:path';
import { checkpointVersion } from '../../core/run/run-format.ts';
import { configOfUpscale, upscaleSettingsSchema } from '../../core/upscale/upscale-settings.ts';
import { type UpscaleCheckpoint, upscaleFormat } from '../../core/video/video-checkpoint.ts';
import type { VideoPlan } from '../../core/video/video-plan.ts';
import { pictureEncoding } from '../../core/video-set/name-outputs.ts';
import { folderOfVideo } from '../../core/video-set/set-checkpoint.ts';
import type { VideoSetEventBody } from '../../core/video-set/set-event.ts';
import type { VideoOfSet } from '../../core/video-set/set-state.ts';
import { AppError } from '../../errors/app-error.ts';
import type { VideoObserver } from '../../ports/run-observer.ts';
import { upscaleOperation } from '../upscale/upscale-operation.ts';
import { plannedOf } from '../video/begin-video.ts';
import { encodingOf } from '../video/encoding-of.ts';
import { planVideo } from '../video/plan-video.ts';
import { prepareFileToRead } from '../video/source-of.ts';
import type { UpscaleRequest, VideoOperation } from '../video/video-types.ts';
import { publishPlanFiles } from '../video/worker-files.ts';
import { OneVideo } from './one-video.ts';
import type { VideoSetEvents, VideoSetRun } from './set-types.ts';

/** A video that is ready to be worked on, and the events that say so, where they are news. */
export interface OpenedVideo {
  readonly open: OneVideo;
  readonly events: readonly VideoSetEventBody[];
}

/**
 * Opens a video of a set: its plan is taken from an earlier session, or made now.
 *
 * @param events - Those of the set that are of this video, of earlier sessions.
 * @throws AppError for what is wrong with this video, or with the whole run.
 */
export async function openVideo(
  set: VideoSetRun,
  entry: VideoOfSet,
  events: VideoSetEvents,
): Promise<OpenedVideo> {
  const { video, planned, plan: known } = entry;
  const stored = known === null ? null : await storedPlan(set, entry);
  if (stored !== null) {
    const since = events.findLastIndex(({ type }) => type === 'video-planned');
    return { open: new OneVideo(set, video, stored, events.slice(since + 1)), events: [] };
  }
  const { checkpoint, plan } = await planNow(set, entry);
  const { source } = plan;
  const isOther = source.size_bytes !== planned.size_bytes || source.modified_ms !== planned.modified_ms;
  if (known !== null || isOther)
    set.observer.onNotice(
      `${planned.input} has changed since the run began: it is upscaled as it is now, from its beginning.`,
    );
  const open = new OneVideo(set, video, checkpoint, []);
  await publishPlanFiles(open.run.session, plan);
  // The last of them: with it the plan stands.
  await open.run.session.publish('checkpoint.json', [JSON.stringify(checkpoint)]);
  const { counts, clip, segments, notices, scan_ms } = checkpoint;
  const event: VideoSetEventBody = {
    ...{ type: 'video-planned', video, input: planned.input, sha256: plan.source.sha256 },
    ...{ frames: counts.frames, unique_frames: counts.unique_frames, segments: segments.length },
    ...{ width: clip.target.width, height: clip.target.height, scan_ms, notices },
  };
  return { open, events: [event] };
}

/** The plan of an earlier session; null where there is none that still holds. */
async function storedPlan({ session, ports, signal }: VideoSetRun, { video, planned }: VideoOfSet) {
  const { checkpoint: set, paths } = session;
  try {
    const folder = paths.inside(folderOfVideo(video));
    const { checkpoint } = await ports.runs.read(upscaleFormat, folder);
    if (checkpoint.source.path !== planned.input) return null;
    // What may change on resume is noted in the run; where the video goes, by the run alone.
    const { encoding } = checkpoint.settings.engine;
    const settings = {
      ...set.settings,
      force: set.settings.force || planned.is_picture === true,
      output: madeOutput(paths, { video, planned }),
      engine: { ...set.settings.engine, encoding },
    };
    const stored: UpscaleCheckpoint = { ...checkpoint, settings, model: set.model };
    await prepareFileToRead(stored, ports, signal);
    return stored;
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof AppError) || error.code === 'disk-full') throw error;
    return null;
  }
}

async function planNow(
  set: VideoSetRun,
  { video, planned }: VideoOfSet,
): Promise<{ readonly checkpoint: UpscaleCheckpoint; readonly plan: VideoPlan }> {
  const { session, ports, signal, observer } = set;
  const { checkpoint, runId } = session;
  const output = madeOutput(session.paths, { video, planned });
  const asked = requestFor(set, { inputPath: planned.input, outputPath: output });
  // A frame that is kept on the way only is in the way of no other.
  const request = planned.is_picture ? { ...asked, isForced: true } : asked;
  const { settings } = checkpoint;
  const operation: VideoOperation = {
    ...upscaleOperation(request, ports),
    // The model was tried before the run began.
    modelUse: null,
    ...(planned.is_picture && {
      takesPicture: true,
      dedupe: 'off',
      encoding: pictureEncoding((await ports.video.inspect(planned.input, signal)).video.pixelFormat),
    }),
    settingsFor: async (_model, encoding) => ({
      ...settings,
      output,
      force: request.isForced,
      engine: { ...settings.engine, encoding: encodingOf(encoding) },
    }),
  };
  for (const path of [planned.output, output]) await ports.sources.makeFolder(dirname(path));
  const scanning: VideoObserver = scanObserver((done) => observer.onVideoScan(video, done));
  const plan = await planVideo({ ...request, modelPath: null }, operation, ports, scanning, signal);
  const whole = { ...plan, model: checkpoint.model };
  const written = plannedOf(whole, ports);
  return {
    plan: whole,
    checkpoint: {
      version: checkpointVersion,
      kind: 'upscale',
      settings: upscaleSettingsSchema.parse(plan.settings),
      ...written,
      run_id: runId,
      // Two copies of a film are two works: each one's files are fetched, and removed, by themselves.
      segments: written.segments.map((segment) => ({
        ...segment,
        task_key: createHash('sha256').update(`${segment.task_key} ${video}`).digest('hex'),
      })),
    },
  };
}

/** Where the video is put together: a picture is a video in the run folder first. */
export function madeOutput(
  paths: VideoSetRun['session']['paths'],
  { video, planned }: Pick<VideoOfSet, 'video' | 'planned'>,
): string {
  return planned.is_picture ? paths.inside(`${folderOfVideo(video)}/picture.mkv`) : planned.output;
}

/** What one video of the set would be asked with by itself. */
export function requestFor(
  { session: { checkpoint } }: VideoSetRun,
  paths: Pick<UpscaleRequest, 'inputPath' | 'outputPath'>,
): UpscaleRequest {
  const { settings, model, encoding } = checkpoint;
  const { upscaling } = configOfUpscale(settings, model?.path ?? null);
  return {
    ...paths,
    modelPath: model?.path ?? null,
    ...{ host: settings.host, slots: settings.slots, upscaling: { ...upscaling, ...encoding } },
    ...{ isForced: settings.force, isKeptGoing: settings.keep_going },
  };
}

function scanObserver(onScan: (done: number) => void): VideoObserver {
  const ignore = () => undefined;
  return {
    ...{ onDetect: ignore, onBegin: ignore, onEvent: ignore, onTaskStarted: ignore, onFrames: ignore },
    ...{ onWorkerStatus: ignore, onAssembly: ignore, onNotice: ignore, onEnd: ignore, onScan },
  };
}
