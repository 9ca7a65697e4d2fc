import { resolve } from 'node:path';

/**
 * Containers that hold their video themselves. Playlists and scripts (HLS, DASH, concat, SDP, …) name other
 * files or hosts and picture sequences read `%d` in names, so none of them is here, whatever a file is called.
 */
const containers =
  'mov,matroska,webm,avi,flv,asf,mpeg,mpegts,mpegvideo,ogg,mxf,gif,apng,' +
  'h264,hevc,m4v,ivf,obu,av1,nut,dv,rm,yuv4mpegpipe,wtv,nsv,gxf';

/** Single pictures in files of their own: a whole video of one frame, but no source of a hint. */
const pictures = 'png_pipe,jpeg_pipe';

/** Options that keep a hostile input to itself: only the named file is opened, only as a container. */
export const guardedInputOptions = guardedAs(containers);

/** The same for sources that may also be single pictures. */
export const sourceOptions = guardedAs(`${containers},${pictures}`);

/**
 * Options of every ffmpeg that decodes a source: damage is reported and never fatal, time stamps stay as they are.
 * Warnings are reported too, because some of them are the only sign of damage.
 */
export const decodingOptions: readonly string[] = [
  ...['-nostdin', '-v', 'warning', '-copyts', '-max_error_rate', '1'],
  ...sourceOptions,
];

function guardedAs(formats: string): readonly string[] {
  return ['-protocol_whitelist', 'file', '-format_whitelist', formats];
}

/**
 * A path as ffmpeg takes it literally: absolute and with the protocol said, so that neither a leading `-` nor
 * `http:`, `concat:`, `|` or `pipe:` in a name means anything.
 */
export function asFileUrl(path: string): string {
  return `file:${resolve(path)}`;
}
