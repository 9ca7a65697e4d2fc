import type { Readable } from 'node:stream';
import { type Fraction, fractionText, ticksToSeconds } from '../../core/frames/fraction.ts';
import { frameBytes } from '../../core/frames/frame-format.ts';
import type { VideoStreamFacts } from '../../core/frames/video-facts.ts';
import type { Size } from '../../core/hints/display-size.ts';
import type { AppError } from '../../errors/app-error.ts';
import type { ScanEnd, ScannedFrame, ScanOptions } from '../../ports/video-tool.ts';
import { framesFailed, reasonInStderr, unreadableVideo } from '../ffmpeg/failures.ts';
import { LargePictureError, limitsFor, mostPixels, refusedSize } from '../ffmpeg/picture-limits.ts';
import type { FfmpegPrograms } from '../ffmpeg/programs.ts';
import { exactFrames } from '../ffmpeg/raw-frames.ts';
import { decodingOptions, sourceInput, statSource } from '../ffmpeg/source-file.ts';
import { linesOf, PipedChild } from '../piped-child.ts';
import { DamageNotes } from './damage-notes.ts';
import { describeFrames, FormatNotes } from './format-notes.ts';
import { missingFrames } from './source-packets.ts';

/** Of the pictures in a {@link ScannedFrame}. */
const pixelFormat = 'yuv420p';

interface FrameScan {
  readonly programs: FfmpegPrograms;
  readonly path: string;
  readonly stream: VideoStreamFacts;
  readonly options: ScanOptions;
  readonly signal: AbortSignal | undefined;
}

/** Decodes every frame of a stream once, as the port {@link VideoTool} says. */
export async function* scanFrames(request: FrameScan): AsyncGenerator<ScannedFrame, ScanEnd> {
  const { programs, path, stream, options, signal } = request;
  signal?.throwIfAborted();
  await statSource(path);
  signal?.throwIfAborted();
  const damage = new DamageNotes(stream.index);
  const formats = new FormatNotes();
  const seen = { frames: 0, time: 0 };
  await using child = new PipedChild(programs.ffmpeg, scanArguments(path, stream, options.withPictures), {
    hasInput: false,
    outputs: options.withPictures ? 2 : 1,
    signal,
    onErrorLine: (line) => {
      if (formats.read(line)) return false;
      damage.read(line, seen.frames);
      return true;
    },
  });
  const refuseDamage = () => {
    if (!damage.isEmpty && !options.keepGoing) throw damaged(request, damage, seen.time);
  };
  try {
    for await (const frame of pairedFrames(child, request)) {
      refuseDamage();
      // Frames that have come are there for a while after their program is gone.
      signal?.throwIfAborted();
      seen.frames += 1;
      seen.time = frame.time;
      yield frame;
    }
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
  const end = await child.ended;
  signal?.throwIfAborted();
  if (end.startError || end.exitCode === null) throw framesFailed(programs.ffmpeg, 'Reading the video', end);
  if (seen.frames === 0) throw unreadableVideo(path, reasonInStderr(end.stderrTail));
  if (end.exitCode !== 0) damage.add(reasonInStderr(end.stderrTail));
  const missing = damage.isEmpty ? await missingFrames(path, stream, seen.frames, request) : 0;
  if (missing > 0) damage.add(`${missing} frames cannot be decoded`);
  refuseDamage();
  return { damage: damage.isEmpty ? null : damage.toString(), changes: formats.changes };
}

/** Lines and pictures come through two pipes, in the same order; both are read at once, so that neither blocks. */
async function* pairedFrames(
  child: PipedChild,
  { stream, options }: FrameScan,
): AsyncGenerator<ScannedFrame> {
  const [lineOutput, pictureOutput] = child.outputs;
  if (!lineOutput) return;
  const lines = readFrameLines(lineOutput, stream.timeBase);
  // A picture is looked at before the next one is taken: one piece of memory serves for all.
  const pictureBytes = options.withPictures ? frameBytes({ ...stream.size, pixelFormat }) : 1;
  const memory = Buffer.allocUnsafeSlow(pictureBytes);
  const pictures = exactFrames(pictureOutput, { frameBytes: pictureBytes, allocate: () => memory });
  let expected = 0;
  for (;;) {
    const [line, picture] = await Promise.all([lines.next(), options.withPictures ? pictures.next() : null]);
    if (line.done || picture?.done) {
      // A pipe that is not read any more would make ffmpeg wait for ever.
      if (!line.done || picture?.done === false) await child.stop();
      return;
    }
    const { duration, hash } = line.value;
    const time = line.value.time ?? expected;
    expected = time + Math.max(1, duration);
    yield { time, duration, hash, picture: picture?.value ?? null };
  }
}

function damaged({ path, stream }: FrameScan, damage: DamageNotes, time: number): AppError {
  const tooLarge = refusedSize(damage.toString());
  if (tooLarge) return new LargePictureError(path, tooLarge, mostPixels);
  const seconds = ticksToSeconds(time, stream.timeBase).toFixed(1);
  return unreadableVideo(path, `it is damaged near second ${seconds}; ffmpeg says "${damage.toString()}"`, {
    nextStep: 'Get an undamaged file, or use what can be read of this one with --keep-going.',
  });
}

/**
 * The ffmpeg arguments that decode a video once and describe every frame: a line with time and hash on stdout, and its
 * picture, if asked for, on file descriptor 3. Pictures are as stored, not turned.
 *
 * Each line is flushed at once; else they would come in blocks, long after the pictures they belong to.
 */
function scanArguments(path: string, stream: VideoStreamFacts, withPictures: boolean): readonly string[] {
  const { width, height } = stream.size;
  // No step at all, unless the size changes in the middle of the video.
  const size = `scale=${width}:${height}:flags=bicubic+accurate_rnd+bitexact`;
  const source = ['-map', `0:${stream.index}`, '-fps_mode', 'passthrough'];
  const frames = [...source, '-c:v', 'rawvideo', '-threads:v', '1'];
  return [
    ...[
      ...decodingOptions,
      ...limitsFor(stream.size),
      '-v',
      'level+info',
      '-hide_banner',
      '-nostats',
      '-noautorotate',
      ...sourceInput(path),
    ],
    ...[...frames, '-vf', `${describeFrames},${size}`, '-enc_time_base', fractionText(stream.timeBase)],
    ...['-f', 'framehash', '-hash', 'murmur3', '-flush_packets', '1', 'pipe:1'],
    ...(withPictures ? [...frames, '-vf', pictureFilters(stream.size), '-f', 'rawvideo', 'pipe:3'] : []),
  ];
}

/**
 * The samples as they are, whatever their range; deeper ones lose their lowest bits, and no noise is added to hide that.
 * Only RGB has to be computed.
 */
function pictureFilters({ width, height }: Size): string {
  const values = 'in_range=pc:out_range=pc:sws_dither=none';
  return `scale=${width}:${height}:flags=bilinear+accurate_rnd+bitexact:${values},format=${pixelFormat}`;
}

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
async function* readFrameLines(output: Readable, timeBase: Fraction): AsyncGenerator<FrameLine> {
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
