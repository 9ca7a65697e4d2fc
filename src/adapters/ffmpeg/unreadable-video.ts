import { printable } from '../../core/printable.ts';
import { AppError } from '../../errors/app-error.ts';

/** What ffmpeg says, and what that means to a person. The first match counts. */
const reasons: readonly (readonly [RegExp, string])[] = [
  [/not on whitelist/i, 'it is a playlist, picture or other kind of file, not a video'],
  [/moov atom not found/i, 'it is no video, or was cut off: the index of its frames is missing'],
  [/permission denied/i, 'it may not be read by this user'],
  [/no such file/i, 'it does not exist'],
  [/is a directory/i, 'it is a folder'],
  [
    /decoder .*not found|could not find codec|unknown codec|unsupported codec/i,
    'this ffmpeg cannot decode its codec',
  ],
  [/invalid data|could not find|error opening|end of file|truncat/i, 'it is damaged or no video'],
];

/** A video that cannot be read, told with its name and the reason. */
export function unreadableVideo(path: string, reason: string, cause?: unknown): AppError {
  return new AppError({
    code: 'video-unreadable',
    message: `Cannot read the video ${printable(path)}: ${reason}.`,
    nextStep: 'Check the path and whether a player opens the file; then run again.',
    cause,
  });
}

/** The reason in people's words for what ffmpeg or ffprobe wrote to stderr. */
export function ffmpegReason(stderr: string): string {
  const known = reasons.find(([pattern]) => pattern.test(stderr));
  if (known) return known[1];
  const last = stderr.trim().split(/\r?\n/).at(-1) ?? '';
  return last ? `ffmpeg says "${printable(last.slice(0, 200))}"` : 'it holds no frame that can be decoded';
}
