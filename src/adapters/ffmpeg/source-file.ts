import { type BigIntStats, closeSync, constants, openSync, readSync } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { AppError, messageOf } from '../../errors/app-error.ts';
import { NotAFileError, whatInsteadOfFile } from '../files/open-file.ts';
import { unreadableVideo } from './failures.ts';
import { mostPixels, pixelLimit } from './picture-limits.ts';

/**
 * Containers that hold their video themselves. Playlists and scripts (HLS, DASH, concat, SDP, …) name other
 * files or hosts and picture sequences read `%d` in names, so none of them is here, whatever a file is called.
 */
const containers =
  'mov,matroska,webm,avi,flv,asf,mpeg,mpegts,mpegvideo,ogg,mxf,gif,apng,' +
  'h264,hevc,m4v,ivf,obu,av1,nut,dv,rm,yuv4mpegpipe,wtv,nsv,gxf';

/** Single pictures in files of their own: a whole video of one frame, but no source of a hint. */
const pictures = 'png_pipe,jpeg_pipe,webp_pipe,tiff_pipe,bmp_pipe';

/** Options that keep a hostile input to itself: only the named file is opened, only as a container, and no huge frames. */
export const guardedInputOptions = guardedAs(containers);

/** The same for sources that may also be single pictures. */
export const sourceOptions = guardedAs(`${containers},${pictures}`);

/**
 * Options of every ffmpeg that decodes a source: damage is reported and never fatal, time stamps stay as they are, and
 * filters continue where the frames' format changes, instead of starting again: they have to bring all frames to one size.
 * Warnings are reported too, because some of them are the only sign of damage.
 */
export const decodingOptions: readonly string[] = [
  ...['-nostdin', '-v', 'warning', '-copyts', '-max_error_rate', '1', '-reinit_filter', '0'],
  ...sourceOptions,
];

const reasonOfErrno: Readonly<Record<string, string>> = {
  ENOENT: 'it does not exist',
  ENOTDIR: 'a part of its path is not a folder',
  EACCES: 'this user is not allowed to read it',
  EPERM: 'this user is not allowed to read it',
  ENAMETOOLONG: 'its name is longer than this system allows',
  ELOOP: 'its links go round in a circle',
  ERR_INVALID_ARG_VALUE: 'its name holds a character that no file name may hold',
};

/**
 * Checks a video file without opening it.
 *
 * @throws AppError `video-unreadable` when it is missing, empty, a folder, or anything that reading could block on.
 */
export async function statSource(path: string): Promise<BigIntStats> {
  const stats = await explaining(path, () => stat(path, { bigint: true }));
  const what = whatInsteadOfFile(stats);
  if (what !== null) throw unreadableVideo(path, new NotAFileError(what).message);
  if (stats.size === 0n) throw unreadableVideo(path, 'it is empty');
  return stats;
}

/**
 * Text that changes whenever the file at `path` may hold something else: where it really lies, size, time of
 * change in nanoseconds, and file number.
 *
 * @throws AppError `video-unreadable` as {@link statSource}.
 */
export async function identifySource(path: string): Promise<string> {
  const [stats, real] = await Promise.all([statSource(path), explaining(path, () => realpath(path))]);
  return JSON.stringify([real, String(stats.size), String(stats.mtimeNs), String(stats.ino)]);
}

async function explaining<T>(path: string, query: () => Promise<T>): Promise<T> {
  try {
    return await query();
  } catch (error) {
    if (error instanceof AppError) throw error;
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    throw unreadableVideo(path, reasonOfErrno[code] ?? messageOf(error), { cause: error });
  }
}

function guardedAs(formats: string): readonly string[] {
  return ['-protocol_whitelist', 'file', '-format_whitelist', formats, ...pixelLimit(mostPixels)];
}

/**
 * The options that open a source, the last of an input's. ffmpeg takes a JPEG file for the first of a sequence of pictures by its
 * name, unless its end is in the first bytes that it reads: so what it is, is said.
 */
export function sourceInput(path: string): readonly string[] {
  const isJpeg = /\.jpe?g$/i.test(path) && beginsLikeJpeg(path);
  return [...(isJpeg ? ['-f', 'jpeg_pipe'] : []), '-i', asFileUrl(path)];
}

function beginsLikeJpeg(path: string): boolean {
  try {
    const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const start = Buffer.alloc(startOfJpeg.length);
      return readSync(file, start, 0, start.length, 0) === start.length && start.equals(startOfJpeg);
    } finally {
      closeSync(file);
    }
  } catch {
    // ffmpeg says why it cannot be read.
    return false;
  }
}

/** The marker of its beginning, and the first byte of the next one (ITU-T T.81, section B.1.1.3). */
const startOfJpeg = Buffer.from([0xff, 0xd8, 0xff]);

/**
 * A path as ffmpeg takes it literally: absolute and with the protocol said, so that neither a leading `-` nor
 * `http:`, `concat:`, `|` or `pipe:` in a name means anything.
 */
export function asFileUrl(path: string): string {
  return `file:${resolve(path)}`;
}
