import { editBoxAt, editBoxes, findBox, Mp4FormatError, makeBox, uint32 } from './boxes.ts';
import { durationOf, editsOf, makeEdits, withDuration } from './headers.ts';
import type { Mp4Track, SkeletonMovie } from './read-movie.ts';
import { type ChunkList, chunkBoxes, handlerOf } from './tracks.ts';
import { lengthOf, makeVideoTrack, type WrittenVideo } from './video-track.ts';

/** The `moov` box of the output: the skeleton's, with the whole video and with new places for everything else. */
export function buildMovie(
  skeleton: SkeletonMovie,
  video: WrittenVideo,
  others: ReadonlyMap<Mp4Track, ChunkList>,
): Buffer {
  let index = 0;
  const tracks = skeleton.tracks.map((track) => {
    if (track === skeleton.videoTrack) return makeVideoTrack(skeleton, video);
    const chunks = others.get(track);
    if (!chunks) throw new Mp4FormatError('a track was not written');
    const placed = editBoxAt(track.content, ['mdia', 'minf', 'stbl'], (stbl) => withChunks(stbl, chunks));
    // A time code track counts the frames of the video, as cameras number them.
    if (handlerOf(placed) !== 'tmcd') return placed;
    return asLongAsVideo(placed, { ...lengthOf(skeleton, video), ...track });
  });
  const duration = Math.max(...tracks.map(trackDuration));
  const content = editBoxes(skeleton.movie, (box) => {
    if (box.name === 'mvhd') return makeBox('mvhd', withDuration('mvhd', box.content, { duration }));
    if (box.name !== 'trak') return null;
    index += 1;
    return makeBox('trak', tracks[index - 1] ?? Buffer.alloc(0));
  });
  return makeBox('moov', content);
}

function withChunks(stbl: Buffer, chunks: ChunkList): Buffer {
  const old = ['stsc', 'stco', 'co64'];
  const kept = editBoxes(stbl, ({ name }) => (old.includes(name) ? Buffer.alloc(0) : null));
  return Buffer.concat([kept, chunkBoxes(chunks)]);
}

function trackDuration(track: Buffer): number {
  const header = findBox(track, ['tkhd']);
  return header ? durationOf('tkhd', header) : 0;
}

/**
 * A time code track whose one sample is as long as the video.
 *
 * @param movieTicks - Length of the video in ticks of the movie.
 */
function asLongAsVideo(
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
