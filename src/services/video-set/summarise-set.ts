import { failureFacts } from '../../core/run/failure.ts';
import { folderOfVideo } from '../../core/video-set/set-checkpoint.ts';
import { outcomeOfVideo, type VideoOfSet, type VideoSetState } from '../../core/video-set/set-state.ts';
import {
  type VideoSetRow,
  type VideoSetSummary,
  videoSetSummaryVersion,
} from '../../core/video-set/set-summary.ts';
import type { SessionEnd } from '../runs/run-kind.ts';
import { workSummaryOf } from '../video/summarise-video.ts';
import type { StoredVideoSet } from './set-types.ts';

/** The summary of a run over several videos as it stands; null for `end` sums up all its sessions. */
export function summaryOfVideoSet(
  run: Pick<StoredVideoSet, 'runId' | 'checkpoint' | 'paths'>,
  state: VideoSetState,
  end: SessionEnd | null,
): VideoSetSummary {
  const { inputs, settings, ignored, notices } = run.checkpoint;
  const { output, engine } = settings;
  const workDone = state.finishedFrames + state.counts.skipped;
  const work = { taskNoun: 'videos', workDone, shown: shownOf(state) };
  const { beginning, speed, ending } = workSummaryOf(run, state, end, work);
  return {
    ...{ version: videoSetSummaryVersion, kind: 'upscale-set', ...beginning },
    ...{ inputs, output, counts: state.counts },
    ...{ scale: engine.size === undefined ? engine.scale : null, size: engine.size ?? '' },
    ...speed,
    videos: state.videos.map((video) => rowOf(video, run.paths)),
    ...{ ignored, notices },
    failures: state.videos.flatMap(({ failed, planned }) =>
      failed ? [{ input: planned.input, ...failureFacts(failed) }] : [],
    ),
    ...ending,
  };
}

/** Of the finished videos; a picture is shown for no time. */
function shownOf({ videos }: VideoSetState) {
  const films = videos.flatMap(({ planned, finished }) =>
    finished === null || planned.is_picture ? [] : [finished],
  );
  return {
    frames: films.reduce((sum, { frames }) => sum + frames, 0),
    seconds: films.reduce((sum, { duration_seconds: seconds }) => sum + seconds, 0),
  };
}

function rowOf(video: VideoOfSet, paths: StoredVideoSet['paths']): VideoSetRow {
  const { planned, plan, finished, failed } = video;
  const outcome = outcomeOfVideo(video);
  const hasReport = finished !== null && finished.frames > 1;
  return {
    input: planned.input,
    output: planned.output,
    status: outcome === 'deferred' ? 'open' : outcome,
    frames: plan?.frames ?? null,
    unique_frames: plan?.unique_frames ?? null,
    size: plan ? { width: plan.width, height: plan.height } : planned.target,
    size_bytes: finished?.size_bytes ?? null,
    duration_seconds: finished?.duration_seconds ?? null,
    notices: [...(plan?.notices ?? []), ...(finished?.notices ?? [])],
    failure: failed && failureFacts(failed),
    report: hasReport ? paths.inside(`${folderOfVideo(video.video)}/report.html`) : null,
  };
}
