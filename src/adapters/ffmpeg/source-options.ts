import { guardedInputOptions } from './input-options.ts';

/** Single pictures in files of their own are videos of one frame here. */
const pictures = 'png_pipe,jpeg_pipe';

const lists = guardedInputOptions.map((option, index) =>
  guardedInputOptions[index - 1] === '-format_whitelist' ? `${option},${pictures}` : option,
);

/** Options that keep a hostile source to itself: only the named file is opened, only as a container or a picture. */
export const sourceOptions: readonly string[] = lists;

/**
 * Options of every ffmpeg that decodes a source: damage is told and never fatal, time stamps stay as they are.
 * Warnings are told too, because some of them are the only sign of damage.
 */
export const decodingOptions: readonly string[] = [
  ...['-nostdin', '-v', 'warning', '-copyts', '-max_error_rate', '1'],
  ...sourceOptions,
];
