import { fractionText, fractionValue } from '../../core/frames/fraction.ts';
import { diskFullIn } from '../../errors/system-error.ts';
import type { EncodeRequest, FrameSink } from '../../ports/frame-tool.ts';
import type { Clip, Encoding } from '../../protocol/segment.ts';
import { framesFailed } from '../ffmpeg/failures.ts';
import {
  dropLeadIn,
  exactScaling,
  leadInFrames,
  rawInput,
  writeFrame,
  writeLeadIn,
} from '../ffmpeg/raw-frames.ts';
import { asFileUrl } from '../ffmpeg/source-file.ts';
import { syncFile } from '../files/publish-file.ts';
import { countMp4Frames } from '../mp4/samples.ts';
import { PipedChild } from '../piped-child.ts';
import { chromaPositions, colorCodes, colorOptions, isRgb, known, rangeOf, scalerMatrix } from './color.ts';
import { deviceOptions, encoderArguments, segmentMuxer, uploadFilters } from './encoder-arguments.ts';

/** Encodes frames to a file by one ffmpeg. A file that is not finished is the caller's to remove. */
export class FrameEncoder implements FrameSink {
  readonly #child: PipedChild;
  readonly #path: string;
  readonly #signal: AbortSignal;
  #frames = 0;

  constructor(program: string, request: EncodeRequest, signal: AbortSignal) {
    signal.throwIfAborted();
    const options = { hasInput: true, outputs: 0, signal } as const;
    this.#child = new PipedChild(program, encodeArguments(request), options);
    writeLeadIn(this.#child.input, request.frame);
    this.#path = request.path;
    this.#signal = signal;
  }

  async write(frame: Uint8Array): Promise<void> {
    try {
      await writeFrame(this.#child.input, frame);
    } catch {
      throw await this.#failure('Encoding');
    }
    this.#frames += 1;
  }

  async finish(): Promise<void> {
    this.#child.input.end();
    const { exitCode, stderrTail } = await this.#child.ended;
    if (exitCode !== 0 || diskFullIn(stderrTail, this.#path)) throw await this.#failure('Encoding');
    const kept = await countMp4Frames(this.#path);
    if (kept !== this.#frames) {
      throw await this.#failure(
        `Encoding ${this.#frames} frames, of which the file holds ${kept ?? 'none'},`,
      );
    }
    await syncFile(this.#path);
  }

  /** Why it ended, or why it had to. A full disk has its own error: ffmpeg may end well on one. */
  async #failure(doing: string): Promise<unknown> {
    await this.#child.stop();
    this.#signal.throwIfAborted();
    const end = await this.#child.ended;
    return diskFullIn(end.stderrTail, this.#path) ?? framesFailed(this.#child.program, doing, end);
  }
}

/**
 * The ffmpeg arguments that encode frames from stdin: video only, no date, no name of the program's version, and a number
 * of threads that is fixed, because encoders' bytes depend on it. Those of x264 depend on the CPU's instructions too, which it
 * has an option against: measured, it costs 0.03 % of the size.
 *
 * One tick of the file's clock is one part of the frame rate's numerator, so that all frames last equally long.
 */
function encodeArguments(request: EncodeRequest): readonly string[] {
  const { clip, frame, encoding } = request;
  return [
    ...['-nostdin', '-v', 'error', '-y', ...deviceOptions(encoding)],
    ...[...timesFromZero(request), ...rawInput(frame, fractionText(clip.frame_rate)), '-map', '0:v'],
    ...['-vf', [dropLeadIn(frame), ...conversion(clip, frame), ...described(clip, encoding)].join(',')],
    ...encodedOutput(request),
  ];
}

/** Options of the output by which ffmpeg encodes frames of the clip's target to the file. */
export function encodedOutput({
  clip,
  encoding,
  path,
}: Pick<EncodeRequest, 'clip' | 'encoding' | 'path'>): readonly string[] {
  return [
    ...[...encoderArguments(encoding, clip), ...colorOptions(clip).flat()],
    ...['-fps_mode', 'passthrough', '-video_track_timescale', String(clip.frame_rate.numerator)],
    ...['-map_metadata', '-1', '-fflags', '+bitexact', '-flags:v', '+bitexact'],
    ...['-f', segmentMuxer(encoding), asFileUrl(path)],
  ];
}

/** So that the first frame after the lead-in has time 0. A filter that sets times would forget the frame rate. */
function timesFromZero({ clip, frame }: EncodeRequest): string[] {
  const seconds = leadInFrames(frame) / fractionValue(clip.frame_rate);
  return ['-itsoffset', (-seconds).toFixed(6)];
}

/** The filters that say of frames of the clip's target what they are, and bring them to the encoder. */
export function described(clip: Clip, encoding: Encoding): readonly string[] {
  const { numerator, denominator } = clip.sample_aspect;
  const shape = `setsar=${numerator}/${denominator}`;
  return [setParams(clip), shape, ...uploadFilters(encoding, clip)].filter(Boolean);
}

/** To the clip's target: no step where frames are as the encoder keeps them. */
function conversion(clip: Clip, frame: EncodeRequest['frame']): string[] {
  const { width, height, pixel_format: format } = clip.target;
  const range = rangeOf(clip);
  const fromRgb = isRgb(frame.pixelFormat);
  const isSame = frame.width === width && frame.height === height && frame.pixelFormat === format;
  if (isSame) return [];
  const colors = fromRgb ? ['in_range=pc', `out_color_matrix=${scalerMatrix(clip)}`] : [`in_range=${range}`];
  const options = [...colors, `out_range=${range}`, ...chromaPositions(format, clip)];
  return [`scale=${width}:${height}:flags=lanczos+${exactScaling}:${options.join(':')}`, `format=${format}`];
}

/** Said of the frames, so that no version of ffmpeg converts them to what the options below say of the file. */
function setParams(clip: Clip): string {
  const { range, primaries, transfer, matrix } = colorCodes(clip);
  const said = known({ range, color_primaries: primaries, color_trc: transfer, colorspace: matrix });
  return said.length === 0 ? '' : `setparams=${said.map((pair) => pair.join('=')).join(':')}`;
}
