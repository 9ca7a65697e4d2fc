import { type Fraction, ticksToSeconds } from '../../core/frames/fraction.ts';
import type { AssemblyRequest } from '../../ports/video-tool.ts';

/** When things are shown in the output, which begins with its earliest stream. */
export interface Presentation {
  /** Ticks of the source's time base since the first frame, one for each frame. */
  readonly sinceFirst: Float64Array;
  /** In the same ticks: how long all frames together are shown. */
  readonly length: number;
  readonly timeBase: Fraction;
  /** How long after the output's beginning the first frame is shown, in seconds. */
  readonly firstSeconds: number;
  /** What all times of the source are moved by, in whole microseconds: what ffmpeg counts in. */
  readonly shiftUs: number;
}

const usPerSecond = 1_000_000;

/**
 * The output begins where the source's earliest stream does; sound before the zero of the source's clock is what
 * decoders need to swing in, and stays before zero.
 */
export function presentationOf({ source, timeline }: AssemblyRequest): Presentation {
  const { timeBase } = source.facts.video;
  const first = timeline.times[0] ?? 0;
  const last = timeline.times.at(-1) ?? first;
  const firstUs = (first * timeBase.numerator * usPerSecond) / timeBase.denominator;
  const beginUs = Math.round(Math.max(0, source.facts.startSeconds) * usPerSecond);
  const shiftUs = -Math.min(beginUs, Math.floor(firstUs));
  return {
    sinceFirst: timeline.times.map((time) => time - first),
    length: Math.max(timeline.endTime, last + 1) - first,
    timeBase,
    firstSeconds: Math.max(0, firstUs + shiftUs) / usPerSecond,
    shiftUs: shiftUs === 0 ? 0 : shiftUs,
  };
}

/** Seconds since the first frame of the video at which this frame is shown; past the last one, when it ends. */
export function secondsSinceFirst({ sinceFirst, length, timeBase }: Presentation, frame: number): number {
  return ticksToSeconds(sinceFirst[frame] ?? length, timeBase);
}
