import { frameBytes } from '../../core/frames/frame-format.ts';
import type { AppError } from '../../errors/app-error.ts';
import type { DecodeRequest } from '../../ports/frame-tool.ts';
import type { SegmentTask } from '../../protocol/segment.ts';
import { exactFrames } from '../ffmpeg/exact-frames.ts';
import { type ChildEnd, FfmpegChild } from '../ffmpeg/ffmpeg-child.ts';
import { cannotRead, framesFailed } from '../ffmpeg/program-failures.ts';
import { ffmpegReason } from '../ffmpeg/unreadable-video.ts';
import { asFrameFormat } from './clip-formats.ts';
import { decodeArguments } from './decode-command.ts';
import { selectUnique } from './unique-selection.ts';

/** Some containers have no index: there seeking is a guess that may come out a little late. */
const earlierSeconds = 10;

/** How many frames one ffmpeg gave, and how it ended. */
interface Attempt {
  readonly frames: number;
  readonly end: ChildEnd;
}

/** Decodes segments, and remembers those whose key frame was not where it was said to be. */
export class SegmentDecoder {
  readonly #program: string;
  /** Keys of segments that seeking gave wrong frames of. */
  readonly #misled = new Set<string>();

  constructor(program: string) {
    this.#program = program;
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
    const { task_key: key, repeats } = request.segment;
    for (const start of this.#starts(request.segment)) {
      const attempt = yield* this.#attempt(request, start, signal);
      if (attempt.frames === repeats.length) return;
      if (start === null || attempt.frames > 0) {
        this.#misled.add(key);
        throw this.#failed(request, attempt, start !== null);
      }
    }
  }

  #starts({ task_key: key, seek_time: time, clip }: SegmentTask): (number | null)[] {
    if (time === null || this.#misled.has(key)) return [null];
    const { numerator, denominator } = clip.time_base;
    return [time, time - Math.ceil((earlierSeconds * denominator) / numerator), null];
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
    await using child = new FfmpegChild(this.#program, programArguments, {
      hasInput: false,
      outputs: 1,
      signal,
    });
    const cut = exactFrames(child.outputs[0], {
      frameBytes: frameBytes(asFrameFormat(clip.frame)),
      isWanted: selection.isUnique ?? (() => true),
    });
    let frames = 0;
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
    return { frames, end };
  }

  #failed({ sourcePath, segment }: DecodeRequest, { frames, end }: Attempt, isSought: boolean): AppError {
    const doing = `Decoding segment ${segment.segment_id} (${frames} of ${segment.repeats.length} frames)`;
    if (isSought || end.startError || end.exitCode === null) return framesFailed(this.#program, doing, end);
    const { numerator, denominator } = segment.clip.time_base;
    const seconds = (((segment.first_time ?? 0) * numerator) / denominator).toFixed(3);
    const count = `decoding gave ${frames} of ${segment.repeats.length} frames from second ${seconds} on`;
    return cannotRead(sourcePath, end.lastWords ? `${count}; ${ffmpegReason(end.lastWords)}` : count);
  }
}
