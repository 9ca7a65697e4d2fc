import type { Size } from '../../core/hints/size.ts';
import { Mp4FormatError } from '../mp4/boxes.ts';
import { readMp4Samples } from '../mp4/hint-samples.ts';
import { readJpegSize } from './jpeg-size.ts';

/** The frames of a hint as they lie in the file, all of one size. */
export interface JpegFrames extends Size {
  /** Whole JPEG files, as views into the hint's bytes. */
  readonly frames: readonly Buffer[];
}

/**
 * Takes the frames out of a hint (Motion JPEG in MP4) without decoding them.
 *
 * @throws Mp4FormatError when the bytes are not a whole hint: no frame, a frame that is no JPEG, mixed sizes.
 */
export function parseHint(file: Buffer): JpegFrames {
  const frames = readMp4Samples(file);
  const sizes = frames.map(readJpegSize);
  const first = sizes[0];
  if (!first)
    throw new Mp4FormatError(frames.length === 0 ? 'it holds no frame' : 'a frame is no JPEG picture');
  if (!sizes.every((size) => size?.width === first.width && size.height === first.height)) {
    throw new Mp4FormatError('its frames are damaged or of several sizes');
  }
  return { ...first, frames };
}
