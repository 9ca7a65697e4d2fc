import { findBox } from './boxes.ts';
import { editsOf, makeEdits } from './edit-list.ts';
import { withDuration } from './headers.ts';
import { editBoxAt, editBoxes, makeBox, uint32 } from './make-box.ts';

/** Whether a track counts the frames of another one, as cameras number them. */
export function isTimecode(track: Buffer): boolean {
  return findBox(track, ['mdia', 'hdlr'])?.toString('latin1', 8, 12) === 'tmcd';
}

/**
 * A time code track whose one sample is as long as the video.
 *
 * @param movieTicks - Length of the video in ticks of the movie.
 */
export function asLongAsVideo(
  track: Buffer,
  length: { readonly movieTicks: number; readonly movieTimescale: number; readonly timescale: number },
): Buffer {
  const ticks = Math.round((length.movieTicks / length.movieTimescale) * length.timescale);
  const edits = editsOf(track).map((edit) =>
    edit.mediaTime < 0 ? edit : { duration: length.movieTicks, mediaTime: edit.mediaTime },
  );
  const total = edits.reduce((sum, edit) => sum + edit.duration, 0);
  const timed = editBoxes(track, ({ name, content }) => {
    if (name === 'edts') return makeEdits(edits);
    const duration = edits.length > 0 ? total : length.movieTicks;
    return name === 'tkhd' ? makeBox(name, withDuration('tkhd', content, { duration })) : null;
  });
  const withMedia = editBoxAt(timed, ['mdia', 'mdhd'], (content) =>
    withDuration('mdhd', content, { duration: ticks }),
  );
  // One run of one sample.
  return editBoxAt(withMedia, ['mdia', 'minf', 'stbl', 'stts'], (content) =>
    Buffer.concat([content.subarray(0, 4), uint32(1, 1, ticks)]),
  );
}
