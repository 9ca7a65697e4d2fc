import type { Size } from '../../core/hints/display-size.ts';
import { AppError } from '../../errors/app-error.ts';
import { type Presentation, secondsSinceFirst } from '../muxing/presentation.ts';
import { reorderDelay, type SampleTable } from '../muxing/samples.ts';
import { editBoxAt, editBoxes, getBox, makeBox, makeFullBox, uint32, uint32Table } from './boxes.ts';
import { withoutBitRate } from './h264-entry.ts';
import { makeEdits, type Rotation, withDuration, withRotation } from './headers.ts';
import type { SkeletonMovie } from './read-movie.ts';
import { type ChunkList, chunkBoxes } from './tracks.ts';

/** What players have to know of the video beside its frames. */
export interface Showing {
  readonly presentation: Presentation;
  readonly size: Size;
  readonly rotation: Rotation;
}

export interface WrittenVideo {
  readonly showing: Showing;
  readonly table: SampleTable;
  readonly chunks: ChunkList;
}

/** Content of the `trak` box of the whole video: that of its first frame with times and tables of all. */
export function makeVideoTrack({ videoTrack, movieTimescale }: SkeletonMovie, video: WrittenVideo): Buffer {
  const { presentation, size, rotation } = video.showing;
  const timing = timingOf(presentation, video.table.ranks);
  const { movieTicks: duration } = lengthOf({ movieTimescale }, video);
  const emptyDuration = Math.round(presentation.firstSeconds * movieTimescale);
  const edits = makeEdits([
    ...(emptyDuration > 0 ? [{ duration: emptyDuration, mediaTime: -1 }] : []),
    { duration, mediaTime: timing.delay },
  ]);
  const track = editBoxes(videoTrack.content, ({ name, content }) => {
    if (name === 'edts') return Buffer.alloc(0);
    if (name !== 'tkhd') return null;
    const header = withDuration('tkhd', content, { duration: emptyDuration + duration });
    return Buffer.concat([makeBox('tkhd', withRotation(header, size, rotation)), edits]);
  });
  const media = { duration: timing.length, timescale: timing.timescale };
  const timed = editBoxAt(track, ['mdia', 'mdhd'], (content) => withDuration('mdhd', content, media));
  return editBoxAt(timed, ['mdia', 'minf', 'stbl'], (stbl) =>
    Buffer.concat([
      makeBox('stsd', withoutBitRate(getBox(stbl, ['stsd']))),
      ...timing.boxes,
      keyBox(video.table.keys),
      makeFullBox('stsz', 0, uint32(0, video.table.sizes.length), uint32Table(video.table.sizes)),
      chunkBoxes(video.chunks),
    ]),
  );
}

/** How long the video is shown, in ticks of the movie. */
export function lengthOf(
  { movieTimescale }: Pick<SkeletonMovie, 'movieTimescale'>,
  { showing }: WrittenVideo,
): { readonly movieTicks: number; readonly movieTimescale: number } {
  const { presentation } = showing;
  const seconds = secondsSinceFirst(presentation, presentation.sinceFirst.length);
  return { movieTicks: Math.ceil(seconds * movieTimescale - 1e-6), movieTimescale };
}

/**
 * When samples are decoded and shown. Frame n in decoding order is decoded when frame n − d is shown, d being the most
 * that reordering delays; before the first frame time runs backwards as it does forwards after it. So decoding times
 * increase strictly, and none is after the time of showing, whatever the times are.
 */
function timingOf({ sinceFirst, length, timeBase }: Presentation, ranks: Uint32Array) {
  const scale = timeBase.numerator;
  const frames = ranks.length;
  const delayFrames = reorderDelay(ranks);
  const delay = (sinceFirst[delayFrames] ?? 0) * scale;
  const decodedAt = (index: number): number => {
    if (index < delayFrames) return (sinceFirst[index] ?? 0) * scale;
    // All samples together last as long as the frames are shown, however long the last one stays.
    if (index === frames)
      return Math.max(length * scale, (sinceFirst[index - delayFrames] ?? length) * scale + delay);
    return (sinceFirst[index - delayFrames] ?? length) * scale + delay;
  };
  const durations = new RunList();
  const offsets = new RunList();
  for (let index = 0; index < frames; index += 1) {
    const time = decodedAt(index);
    durations.push(decodedAt(index + 1) - time);
    offsets.push((sinceFirst[ranks[index] ?? 0] ?? 0) * scale + delay - time);
  }
  const boxes = [
    makeFullBox('stts', 0, durations.toTable()),
    ...(delayFrames > 0 ? [makeFullBox('ctts', 0, offsets.toTable())] : []),
  ];
  return { boxes, delay, length: length * scale, timescale: timeBase.denominator };
}

/** Equal numbers in a row, counted. */
class RunList {
  readonly #rows: number[] = [];

  push(value: number): void {
    const last = this.#rows.length - 2;
    if (last >= 0 && this.#rows[last + 1] === value) this.#rows[last] = (this.#rows[last] ?? 0) + 1;
    else this.#rows.push(1, value);
  }

  toTable(): Buffer {
    const tooLong = this.#rows.find((value) => !(value >= 0 && value <= 0xffff_ffff));
    if (tooLong !== undefined)
      throw new AppError({
        code: 'output-unsupported',
        message: 'The times of the frames have more digits than an MP4 or MOV file can hold.',
        nextStep: 'Choose an output that ends in .mkv.',
      });
    return Buffer.concat([uint32(this.#rows.length / 2), uint32Table(this.#rows)]);
  }
}

/** Which samples are key frames; without the box all are. */
function keyBox(keys: Uint8Array): Buffer {
  if (keys.every((key) => key === 1)) return Buffer.alloc(0);
  const numbers: number[] = [];
  for (const [index, key] of keys.entries()) if (key === 1) numbers.push(index + 1);
  return makeFullBox('stss', 0, uint32(numbers.length), uint32Table(numbers));
}
