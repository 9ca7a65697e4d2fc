import { type Fraction, fractionValue } from '../../core/frames/fraction.ts';
import { type Presentation, secondsSinceFirst } from '../muxing/presentation.ts';

/** When the frames of the video are shown, in the whole milliseconds of the file's clock. */
export interface MkvOutputTiming {
  readonly videoTrack: number;
  readonly frames: number;
  /** When the first frame is shown, in seconds. */
  readonly firstSeconds: number;
  /** Of a frame; past the last one, when that ends. */
  timeOf(frame: number): number;
  /** Where the video ends, in milliseconds. */
  readonly endMs: number;
  /** How long each frame is shown, in nanoseconds; null where that differs. */
  readonly frameNs: number | null;
}

/** Matroska's clock as ffmpeg sets it, in seconds. */
const tickSeconds = 0.001;

/**
 * @param beginMs - Time of the first frame.
 * @param nominalRate - Frames per second, if they are as regular as they claim to be.
 */
export function mkvOutputTimingOf(
  presentation: Presentation,
  beginMs: number,
  videoTrack: number,
  nominalRate: Fraction,
): MkvOutputTiming {
  const frames = presentation.sinceFirst.length;
  // Counted from what is really the first frame's time: rounding it on its own would move all others.
  const firstSeconds =
    presentation.firstSeconds + (beginMs * tickSeconds - roundedToTick(presentation.firstSeconds));
  const timeOf = (frame: number) =>
    Math.round((firstSeconds + secondsSinceFirst(presentation, frame)) / tickSeconds);
  return {
    videoTrack,
    frames,
    firstSeconds,
    timeOf,
    endMs: timeOf(frames),
    frameNs: isRegular(presentation, nominalRate) ? Math.round(1e9 / fractionValue(nominalRate)) : null,
  };
}

/** Whether each frame is where the rate puts it, but for a tick of the source's clock. */
function isRegular(presentation: Presentation, rate: Fraction): boolean {
  const { sinceFirst, length, timeBase } = presentation;
  const frameTicks = timeBase.denominator / timeBase.numerator / fractionValue(rate);
  const isOnTime = (time: number, frame: number) => Math.abs(time - frame * frameTicks) <= 1.001;
  return sinceFirst.every(isOnTime) && Math.abs(length - sinceFirst.length * frameTicks) <= 2;
}

function roundedToTick(seconds: number): number {
  return Math.round(seconds / tickSeconds) * tickSeconds;
}
