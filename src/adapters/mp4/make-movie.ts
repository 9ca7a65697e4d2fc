import { findBox, Mp4FormatError } from './boxes.ts';
import { type ChunkList, chunkBoxes } from './chunk-list.ts';
import { durationOf, withDuration } from './headers.ts';
import { editBoxAt, editBoxes, makeBox } from './make-box.ts';
import type { Mp4Track, SkeletonMovie } from './read-movie.ts';
import { asLongAsVideo, isTimecode } from './timecode-track.ts';
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
    return isTimecode(placed) ? asLongAsVideo(placed, { ...lengthOf(skeleton, video), ...track }) : placed;
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
