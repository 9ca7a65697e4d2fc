import type { Timeline } from '../../core/frames/timeline.ts';
import { decodeRepeats, decodeTimes, encodeRepeats, encodeTimes } from '../../core/frames/timeline.ts';
import type { VideoCheckpoint } from '../../core/video/video-checkpoint.ts';
import { AppError, messageOf } from '../../errors/app-error.ts';

export function encodeTimeline(timeline: Timeline): VideoCheckpoint['timeline'] {
  const { start, steps } = encodeTimes(timeline.times);
  return {
    start,
    steps: steps.map(([step, count]) => [step, count]),
    last_duration: timeline.endTime - (timeline.times.at(-1) ?? 0),
    is_mended: timeline.isMended ?? false,
    repeats: encodeRepeats(timeline).map(([repeats, count]) => [repeats, count]),
  };
}

/** @throws AppError `checkpoint-damaged` for what no video has. */
export function decodeTimeline({
  timeline,
  counts,
  run_id: runId,
}: Pick<VideoCheckpoint, 'timeline' | 'counts' | 'run_id'>): Timeline {
  try {
    const times = decodeTimes(timeline);
    const uniqueFrames = decodeRepeats(timeline.repeats, counts.frames);
    if (times.length !== counts.frames) throw new RangeError(`it has ${times.length} times`);
    const endTime = (times.at(-1) ?? 0) + timeline.last_duration;
    return { times, endTime, uniqueFrames, isMended: timeline.is_mended };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new AppError({
      code: 'checkpoint-damaged',
      message: `The timeline in the checkpoint of run ${runId} is not valid: ${messageOf(error)}.`,
      nextStep: 'Start a new run. Nothing was changed.',
      cause: error,
    });
  }
}
