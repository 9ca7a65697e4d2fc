import type { AssemblyProgress } from '../../ports/video-tool.ts';
import { counted, durationText, numeral, rateText } from '../text/format.ts';
import type { FramePace } from './frame-pace.ts';

/** How the frames stand: `312/1,439`, or with failures `312/1,439, 1 segment failed`. */
export function framesText(pace: FramePace): string {
  const failed = pace.failedSegments > 0 ? `, ${counted(pace.failedSegments, 'segment')} failed` : '';
  return `${numeral(pace.done)}/${numeral(pace.total)}${failed}`;
}

/** `35 fps` and `32 s left`; empty while neither can be told. */
export function paceTexts(pace: FramePace, nowMs: number): string[] {
  const rate = pace.framesPerSecond(nowMs);
  const leftMs = pace.remainingMs(nowMs);
  if (rate === null || leftMs === null) return [];
  return leftMs === 0 ? [rateText(rate)] : [rateText(rate), `${durationText(leftMs)} left`];
}

/** What putting the video together is at: `segment 3 of 6`. */
export function assemblyText({ step, done, total }: AssemblyProgress): string {
  if (step === 'streams') return 'sound and other streams';
  const what = step === 'append' ? 'segment' : 'checking frame';
  return `${what} ${numeral(done)} of ${numeral(total)}`;
}
