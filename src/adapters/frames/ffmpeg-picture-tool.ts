import { frameBytes } from '../../core/frames/frame-format.ts';
import { AppError } from '../../errors/app-error.ts';
import type { PictureTool, RgbPicture } from '../../ports/frame-tool.ts';
import { framesFailed, reasonInStderr } from '../ffmpeg/failures.ts';
import { type FfmpegPrograms, findPrograms } from '../ffmpeg/programs.ts';
import {
  dropLeadIn,
  exactScaling,
  rawInput,
  rawOutput,
  writeFrame,
  writeLeadIn,
} from '../ffmpeg/raw-frames.ts';
import { runFfmpeg } from '../ffmpeg/run-ffmpeg.ts';
import { essentialParts, type PictureHeader, readPictureHeader } from './picture-files.ts';

/** No picture of a sensible size takes longer or more. */
const limits = { timeoutMs: 120_000, maxStdoutBytes: 2 ** 32 };

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
    const { kind, width, height } = header;
    if (width * height > maxPixels) {
      throw unreadable(`it has ${width}x${height} pixels; at most ${maxPixels} are accepted`);
    }
    const outcome = await runFfmpeg(this.#program, decodeArguments(header), {
      ...limits,
      signal,
      writeInput: async (input) => await writeFrame(input, essentialParts(file, kind)),
    });
    const { stdout: data, exitCode, stderrTail } = outcome;
    const isWhole = data.length === frameBytes({ width, height, pixelFormat: 'rgb24' });
    // What ffmpeg fills in for damaged parts is not the picture.
    if (isWhole && exitCode === 0 && stderrTail === '') return { width, height, data };
    if (exitCode === null) throw framesFailed(this.#program, 'Reading a picture', outcome);
    throw unreadable(reasonInStderr(stderrTail));
  }

  async encodePng({ width, height, data }: RgbPicture, signal: AbortSignal): Promise<Uint8Array> {
    const format = { width, height, pixelFormat: 'rgb24' };
    const programArguments = [
      ...['-nostdin', '-v', 'error', ...rawInput(format, '1'), '-vf', dropLeadIn(format), '-frames:v', '1'],
      ...['-c:v', 'png', '-threads:v', '1', '-flags:v', '+bitexact', '-f', 'image2pipe', 'pipe:1'],
    ];
    const outcome = await runFfmpeg(this.#program, programArguments, {
      ...limits,
      signal,
      writeInput: async (input) => {
        writeLeadIn(input, format);
        await writeFrame(input, data);
      },
    });
    if (outcome.stdout.length === 0 || outcome.exitCode !== 0) {
      throw framesFailed(this.#program, 'Writing a picture', outcome);
    }
    return outcome.stdout;
  }
}

/** The demuxer is given, so that nothing else is tried on a file from a stranger. */
function decodeArguments({ kind, width, height }: PictureHeader): readonly string[] {
  const colors = 'in_color_matrix=bt601:in_range=pc:out_range=pc:sws_dither=none';
  const maxPixels = String((width + padding) * (height + padding));
  return [
    ...['-nostdin', '-v', 'error', '-noautorotate', '-threads', '1', '-err_detect', 'crccheck+explode'],
    ...['-max_pixels', maxPixels, '-f', `${kind}_pipe`, '-i', 'pipe:0', '-map', '0:v:0'],
    ...['-vf', `scale=${width}:${height}:flags=bicubic+${exactScaling}:${colors},format=rgb24`],
    ...['-frames:v', '1', ...rawOutput],
  ];
}

function unreadable(reason: string): AppError {
  return new AppError({
    code: 'picture-unreadable',
    message: `The picture cannot be read: ${reason}.`,
    nextStep: 'Send PNG or JPEG files that a browser can show, within the limits.',
  });
}
