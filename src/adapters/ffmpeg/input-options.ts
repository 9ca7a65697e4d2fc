import { resolve } from 'node:path';

/**
 * Containers that hold their video themselves. Playlists and scripts (HLS, DASH, concat, SDP, …) name other
 * files or hosts and picture sequences read `%d` in names, so none of them is here, whatever a file is called.
 */
const containers = [
  ...[
    'mov',
    'matroska',
    'webm',
    'avi',
    'flv',
    'asf',
    'mpeg',
    'mpegts',
    'mpegvideo',
    'ogg',
    'mxf',
    'gif',
    'apng',
  ],
  ...['h264', 'hevc', 'm4v', 'ivf', 'obu', 'av1', 'nut', 'dv', 'rm', 'yuv4mpegpipe', 'wtv', 'nsv', 'gxf'],
];

/** Options that keep a hostile input to itself: only the named file is opened, only as a container. */
export const guardedInputOptions: readonly string[] = [
  '-protocol_whitelist',
  'file',
  '-format_whitelist',
  containers.join(','),
];

/**
 * A path as ffmpeg takes it literally: absolute and with the protocol said, so that neither a leading `-` nor
 * `http:`, `concat:`, `|` or `pipe:` in a name means anything.
 */
export function asFileUrl(path: string): string {
  return `file:${resolve(path)}`;
}
