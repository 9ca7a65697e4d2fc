import { ticksToSeconds } from '../../core/frames/fraction.ts';
import { frameBytes } from '../../core/frames/frame-format.ts';
import type { AppError } from '../../errors/app-error.ts';
import type { DecodeRequest } from '../../ports/frame-tool.ts';
import type { Clip, SegmentTask } from '../../protocol/segment.ts';
import { sumOf } from '../ffmpeg/expression.ts';
import { framesFailed, reasonInStderr, unreadableVideo } from '../ffmpeg/failures.ts';
import { limitsFor } from '../ffmpeg/picture-limits.ts';
import { exactFrames, exactScaling, rawOutput } from '../ffmpeg/raw-frames.ts';
import { decodingOptions, sourceInput } from '../ffmpeg/source-file.ts';
import { type ChildEnd, PipedChild } from '../piped-child.ts';
import { DamageNotes } from '../video/damage-notes.ts';
import { clipFilters } from './clip-filters.ts';
import { isRgb, isRgbSpace, rangeOf, scalerMatrix } from './color.ts';

interface UniqueSelection {
  /** A condition on `n` for ffmpeg's select filter; null when the frames are picked after decoding, or all of them. */
  readonly condition: string | null;
  readonly frames: number;
  /** Which of the frames that come through are unique, by number; null: all. */
  readonly isUnique: ((frame: number) => boolean) | null;
}

/** A longer condition costs more to evaluate than the frames that it holds back, and may not fit into the arguments. */
const maxConditionLength = 4000;

/** Some containers have no index: there seeking is a guess that may come out a little late. */
const earlierSeconds = 10;

interface Attempt {
  readonly frames: number;
  readonly end: ChildEnd;
  /** What the decoder said of damage that was not known before; empty when nothing. */
  readonly damage: string;
}

/** Where the decoding of segments may begin; remembers those whose key frame was not where it was said to be. */
export class SegmentStarts {
  /** Keys of segments that seeking gave wrong frames of. */
  readonly #misled = new Set<string>();

  /** Ticks to try, one after the other; null: the file's beginning. */
  of({ task_key: key, seek_time: time, clip }: SegmentTask): readonly (number | null)[] {
    if (time === null || this.#misled.has(key)) return [null];
    const { numerator, denominator } = clip.time_base;
    return [time, time - Math.ceil((earlierSeconds * denominator) / numerator), null];
  }

  noteMisled({ task_key: key }: SegmentTask): void {
    this.#misled.add(key);
  }
}

/** Decodes segments to raw frames. */
export class SegmentDecoder {
  readonly #program: string;
  readonly #starts: SegmentStarts;

  constructor(program: string, starts: SegmentStarts) {
    this.#program = program;
    this.#starts = starts;
  }

  /**
   * The unique frames of a segment, one for each of its `repeats`.
   *
   * Decoding begins at the segment's key frame. When that does not lead to its first frame, it begins a few seconds
   * earlier, and then at the file's beginning. When frames are missing only later on, those before are given away
   * already: that is `frames-failed`, worth a retry, and the retry begins at the file's beginning.
   *
   * @throws AppError `video-unreadable` when decoding from the file's beginning does not give the segment's frames.
   */
  async *decode(request: DecodeRequest, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    const { repeats } = request.segment;
    for (const start of this.#starts.of(request.segment)) {
      const attempt = yield* this.#attempt(request, start, signal);
      if (attempt.frames === repeats.length && attempt.damage === '') return;
      if (start === null || attempt.frames > 0) {
        this.#starts.noteMisled(request.segment);
        throw decodingFailed(this.#program, request, attempt, start !== null);
      }
    }
  }

  async *#attempt(
    request: DecodeRequest,
    seekTime: number | null,
    signal: AbortSignal,
  ): AsyncGenerator<Uint8Array, Attempt> {
    signal.throwIfAborted();
    const { clip, repeats } = request.segment;
    const selection = selectUnique(repeats);
    const programArguments = decodeArguments(request, selection, seekTime);
    const damage = new DamageNotes(clip.stream);
    let frames = 0;
    await using child = new PipedChild(this.#program, programArguments, {
      hasInput: false,
      outputs: 1,
      signal,
      onErrorLine: (line) => readComplaint(line, damage, frames),
    });
    const cut = exactFrames(child.outputs[0], {
      frameBytes: frameBytes({ ...clip.frame, pixelFormat: clip.frame.pixel_format }),
      isWanted: selection.isUnique ?? (() => true),
      ...(request.allocate && { allocate: request.allocate }),
    });
    try {
      for await (const frame of cut) {
        frames += 1;
        yield frame;
      }
    } catch (error) {
      signal.throwIfAborted();
      throw error;
    }
    const end = await child.ended;
    signal.throwIfAborted();
    return { frames, end, damage: clip.is_unchecked ? damage.toString() : '' };
  }
}

/** Why decoding gave too few frames: worth a retry where it did not begin at the file's beginning, or ffmpeg was killed. */
export function decodingFailed(
  program: string,
  { sourcePath, segment }: Pick<DecodeRequest, 'sourcePath' | 'segment'>,
  { frames, end, damage }: Attempt,
  isSought: boolean,
): AppError {
  const doing = `Decoding segment ${segment.segment_id} (${frames} of ${segment.repeats.length} frames)`;
  if (isSought || end.startError || end.exitCode === null) return framesFailed(program, doing, end);
  const seconds = ticksToSeconds(segment.first_time ?? 0, segment.clip.time_base).toFixed(3);
  if (damage !== '') return damagedSegment(sourcePath, seconds, damage);
  const count = `decoding gave ${frames} of ${segment.repeats.length} frames from second ${seconds} on`;
  return unreadableVideo(sourcePath, end.stderrTail ? `${count}; ${reasonInStderr(end.stderrTail)}` : count);
}

/**
 * The ffmpeg arguments that write a segment's frames to stdout.
 *
 * Frames are chosen by their time stamps, whole numbers of ticks. None comes through when the first one in the range is
 * not the segment's first: then seeking went wrong, and nothing may be taken for what it is not.
 *
 * @param seekTime - Where decoding begins, in ticks; null: at the file's beginning.
 */
function decodeArguments(
  { sourcePath, segment }: DecodeRequest,
  selection: UniqueSelection,
  seekTime: number | null,
): readonly string[] {
  return [
    ...segmentInput(sourcePath, segment, seekTime),
    ...['-vf', segmentFilters(segment, selection.condition).join(',')],
    ...['-fps_mode', 'passthrough', '-frames:v', String(selection.frames)],
    ...rawOutput,
  ];
}

/** Options by which ffmpeg reads the video of a segment. @param seekTime - As for decoding. */
export function segmentInput(
  sourcePath: string,
  { clip }: SegmentTask,
  seekTime: number | null,
): readonly string[] {
  return [
    ...decodingOptions,
    ...limitsFor(clip.frame),
    ...(clip.is_turned ? [] : ['-noautorotate']),
    ...(seekTime === null ? [] : seekOptions(clip, seekTime)),
    ...[...sourceInput(sourcePath), '-map', `0:${clip.stream}`],
  ];
}

/** The filters that let a segment's frames through, in the clip's frame format. @param condition - Of which frames; null: all. */
export function segmentFilters(segment: SegmentTask, condition: string | null = null): readonly string[] {
  return [...choice(segment, condition), ...conversion(segment.clip)];
}

function damagedSegment(sourcePath: string, seconds: string, damage: string): AppError {
  const reason = `it is damaged after second ${seconds}; ffmpeg says "${damage}"`;
  return unreadableVideo(sourcePath, reason, {
    nextStep:
      'Get an undamaged file, or begin a new run with --keep-going, which uses what can be read of this one.',
  });
}

/** Reads a line of a decoder's stderr that gave so many frames. @returns whether it is worth keeping. */
export function readComplaint(line: string, damage: DamageNotes, frames: number): boolean {
  if (!isNews(line)) return false;
  damage.read(line, frames);
  return true;
}

/** A line of a decoder that says nothing new: of every frame after such a change, which the scan noted. */
function isNews(line: string): boolean {
  return !line.includes('Changing video frame properties on the fly');
}

/** Rounded up to the next microsecond, all that ffmpeg can say: a moment too early is a whole group of pictures more. */
function seekOptions({ time_base: base }: Clip, seekTime: number): readonly string[] {
  const microseconds = Math.ceil((seekTime * base.numerator * 1e6) / base.denominator);
  return ['-seek_timestamp', '1', '-noaccurate_seek', '-ss', `${microseconds}us`];
}

function choice(segment: SegmentTask, condition: string | null): string[] {
  const { first_time: first, end_time: end, filtered, clip } = segment;
  const seen = filtered ?? { first_time: first, end_time: end };
  return [
    ...(seen.first_time === null ? [] : fromExactly(seen.first_time)),
    ...(seen.end_time === null ? [] : [`trim=end_pts=${seen.end_time}`]),
    ...clipFilters(clip),
    ...(filtered && first !== null ? [`trim=start_pts=${first}`] : []),
    ...(filtered && end !== null ? [`trim=end_pts=${end}`] : []),
    ...(condition === null ? [] : [`select=${condition}`]),
  ];
}

/** Frames from this time on, and none at all when the first one has another time. */
function fromExactly(first: number): string[] {
  return [`trim=start_pts=${first}`, `select=if(eq(n\\,0)\\,st(0\\,eq(pts\\,${first})))+ld(0)`];
}

/** To the clip's frame format: no step at all where the decoder gives it already. */
function conversion(clip: Clip): string[] {
  const { width, height, pixel_format: format } = clip.frame;
  const range = rangeOf(clip);
  const sourceRange = clip.source_range ?? range;
  const colors = isRgb(format)
    ? [`in_color_matrix=${scalerMatrix(clip)}`, `in_range=${sourceRange}`, 'out_range=pc']
    : [
        `in_range=${sourceRange}`,
        `out_range=${range}`,
        // Said only for RGB sources: where it is said, the scaler goes over every frame.
        ...(isRgbSpace(clip.color.space) ? [`out_color_matrix=${scalerMatrix(clip)}`] : []),
      ];
  return [`scale=${width}:${height}:flags=bicubic+${exactScaling}:${colors.join(':')}`, `format=${format}`];
}

/**
 * Picks the first frame of each run of frames that show one picture. Runs of one length lie side by side in most
 * videos, so the condition is short; where it is not, all frames are decoded and the others dropped.
 *
 * @param repeats - Lengths of the runs, each at least 1.
 */
export function selectUnique(repeats: readonly number[]): UniqueSelection {
  if (repeats.every((length) => length === 1)) {
    return { condition: null, frames: repeats.length, isUnique: null };
  }
  const condition = conditionOf(repeats);
  if (condition !== null) return { condition, frames: repeats.length, isUnique: null };
  const unique = new Set<number>();
  let first = 0;
  let last = 0;
  for (const length of repeats) {
    unique.add(first);
    last = first;
    first += length;
  }
  return { condition: null, frames: last + 1, isUnique: (frame) => unique.has(frame) };
}

function conditionOf(repeats: readonly number[]): string | null {
  const terms: string[] = [];
  let length = 0;
  let first = 0;
  for (let run = 0; run < repeats.length; ) {
    const each = repeats[run] ?? 1;
    let runs = 1;
    while (repeats[run + runs] === each) runs += 1;
    const term = termOf(first, each, runs);
    terms.push(term);
    length += term.length + 1;
    if (length > maxConditionLength) return null;
    first += each * runs;
    run += runs;
  }
  return sumOf(terms);
}

/** The frames `first`, `first + each`, … of so many runs. */
function termOf(first: number, each: number, runs: number): string {
  if (runs === 1) return `eq(n\\,${first})`;
  const within = `between(n\\,${first}\\,${first + each * (runs - 1)})`;
  return each === 1 ? within : `${within}*not(mod(n-${first}\\,${each}))`;
}
