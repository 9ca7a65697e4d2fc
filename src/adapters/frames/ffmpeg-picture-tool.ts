import type { Writable } from 'node:stream';
import { frameBytes } from '../../core/frames/frame-format.ts';
import { AppError } from '../../errors/app-error.ts';
import type { PictureTool, RgbPicture } from '../../ports/frame-tool.ts';
import { type ChildEnd, FfmpegChild } from '../ffmpeg/ffmpeg-child.ts';
import { framesFailed } from '../ffmpeg/program-failures.ts';
import { type FfmpegPrograms, findPrograms } from '../ffmpeg/programs.ts';
import { ffmpegReason } from '../ffmpeg/unreadable-video.ts';
import { rawInput, rawOutput } from './clip-formats.ts';
import { exactScaling } from './decode-command.ts';
import { dropLeadIn, writeLeadIn } from './lead-in.ts';
import { type PictureHeader, readPictureHeader } from './picture-header.ts';
import { essentialParts } from './picture-parts.ts';
import { writeFrame } from './write-frame.ts';

/** No picture of a sensible size takes longer. */
const timeoutMs = 120_000;

/** Decoders count the padding of their own buffers. */
const padding = 128;

/**
 * A {@link PictureTool} that starts one ffmpeg for each picture. Pixels are taken as stored: a note on how to turn them
 * is not followed, transparency is dropped, and what has more than 8 bits loses the lowest.
 */
export class FfmpegPictureTool implements PictureTool {
  readonly #program: string;

  constructor(programs: Pick<FfmpegPrograms, 'ffmpeg'> = findPrograms()) {
    this.#program = programs.ffmpeg;
  }

  async decodePicture(file: Uint8Array, maxPixels: number, signal: AbortSignal): Promise<RgbPicture> {
    const header = readPictureHeader(file);
    if (!header) throw unreadable('it is neither a PNG nor a whole JPEG file');
    const { width, height } = header;
    if (width * height > maxPixels) {
      throw unreadable(`it has ${width}x${height} pixels, more than the ${maxPixels} that are taken`);
    }
    const { output, end } = await this.#run(decodeArguments(header), signal, (input) =>
      writeFrame(input, essentialParts(file, header.kind)),
    );
    const isWhole = output.length === frameBytes({ width, height, pixelFormat: 'rgb24' });
    // What ffmpeg fills in for damaged parts is not the picture.
    if (isWhole && end.exitCode === 0 && end.lastWords === '') return { width, height, data: output };
    if (end.startError || end.exitCode === null) throw framesFailed(this.#program, 'Reading a picture', end);
    throw unreadable(ffmpegReason(end.lastWords));
  }

  async encodePng({ width, height, data }: RgbPicture, signal: AbortSignal): Promise<Uint8Array> {
    const format = { width, height, pixelFormat: 'rgb24' };
    const programArguments = [
      ...['-nostdin', '-v', 'error', ...rawInput(format, '1'), '-vf', dropLeadIn(format)],
      ...[
        '-frames:v',
        '1',
        '-c:v',
        'png',
        '-threads:v',
        '1',
        '-flags:v',
        '+bitexact',
        '-f',
        'image2pipe',
        'pipe:1',
      ],
    ];
    const { output, end } = await this.#run(programArguments, signal, (input) => {
      writeLeadIn(input, format);
      return writeFrame(input, data);
    });
    if (output.length === 0 || end.exitCode !== 0)
      throw framesFailed(this.#program, 'Writing a picture', end);
    return output;
  }

  async #run(
    programArguments: readonly string[],
    signal: AbortSignal,
    write: (input: Writable) => Promise<void>,
  ): Promise<{ readonly output: Buffer; readonly end: ChildEnd }> {
    signal.throwIfAborted();
    const limited = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
    await using child = new FfmpegChild(this.#program, programArguments, {
      hasInput: true,
      outputs: 1,
      signal: limited,
    });
    // It may end before it has read all; how it ended says more than the broken pipe.
    const writing = write(child.input).catch(() => undefined);
    child.input.end();
    const pieces: Buffer[] = [];
    try {
      for await (const piece of child.outputs[0] ?? []) pieces.push(piece);
    } catch {
      // Broken because it was killed: then it has no exit code.
    }
    await writing;
    const end = await child.ended;
    signal.throwIfAborted();
    return { output: Buffer.concat(pieces), end };
  }
}

/** The demuxer is given, so that nothing else is tried on a file from a stranger. */
function decodeArguments({ kind, width, height }: PictureHeader): readonly string[] {
  const colors = 'in_color_matrix=bt601:in_range=pc:out_range=pc:sws_dither=none';
  return [
    ...['-nostdin', '-v', 'error', '-noautorotate', '-threads', '1', '-err_detect', 'crccheck+explode'],
    ...[
      '-max_pixels',
      String((width + padding) * (height + padding)),
      '-f',
      `${kind}_pipe`,
      '-i',
      'pipe:0',
      '-map',
      '0:v:0',
    ],
    ...['-vf', `scale=${width}:${height}:flags=bicubic+${exactScaling}:${colors},format=rgb24`],
    ...['-frames:v', '1', ...rawOutput],
  ];
}

function unreadable(reason: string): AppError {
  return new AppError({
    code: 'picture-unreadable',
    message: `The picture cannot be read: ${reason}.`,
    nextStep: 'Send PNG or JPEG files that a browser shows, within the limits.',
  });
}
