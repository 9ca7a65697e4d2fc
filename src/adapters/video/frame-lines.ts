import type { Readable } from 'node:stream';
import type { Fraction } from '../../core/frames/fraction.ts';
import { linesOf } from '../ffmpeg/lines-of.ts';

/** A frame as ffmpeg's `framehash` describes it. */
interface FrameLine {
  /** In ticks; null where the file gives it no time. */
  readonly time: number | null;
  readonly duration: number;
  readonly hash: string;
}

/** `stream, dts, pts, duration, size, hash`. */
const linePattern = /^\d+,\s*-?\d+,\s*(-?\d+),\s*(-?\d+),\s*\d+,\s*([0-9a-f]+)$/;
/** ffmpeg writes "no time" as the smallest number it has. */
const noTime = -(2 ** 63);

/**
 * Reads the output of `framehash` as it comes.
 *
 * @throws Error when its clock is not `timeBase`: then its times would be taken for others.
 */
export async function* readFrameLines(output: Readable, timeBase: Fraction): AsyncGenerator<FrameLine> {
  for await (const line of linesOf(output)) {
    if (line.startsWith('#')) checkClock(line, timeBase);
    const [, time, duration, hash] = linePattern.exec(line) ?? [];
    if (hash === undefined) continue;
    const ticks = Number(time);
    yield { time: ticks === noTime ? null : ticks, duration: Math.max(0, Number(duration)), hash };
  }
}

function checkClock(line: string, { numerator, denominator }: Fraction): void {
  const match = /^#tb \d+: (\d+)\/(\d+)$/.exec(line);
  if (!match || Number(match[1]) * denominator === Number(match[2]) * numerator) return;
  throw new Error(`ffmpeg counts time in ${match[1]}/${match[2]} s instead of ${numerator}/${denominator} s`);
}
