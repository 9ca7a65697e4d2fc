import type { FileHandle } from 'node:fs/promises';
import { fractionValue } from '../../core/frames/fraction.ts';
import { readExactly } from '../files/bounded-read.ts';
import type { ContainerWriter, OpenWriter, WriterInput } from '../muxing/container-writer.ts';
import type { PartFile } from '../muxing/part-file.ts';
import { secondsSinceFirst } from '../muxing/presentation.ts';
import { bytesOf, readSamples, type SampleRun, type SampleTable } from '../muxing/samples.ts';
import { makeBox, uint32, uint64Table } from './boxes.ts';
import { buildMovie } from './make-movie.ts';
import { type Piece, piecesOf } from './pieces.ts';
import { type Mp4Track, readSkeletonMovie, type SkeletonMovie } from './read-movie.ts';
import type { ChunkList } from './tracks.ts';
import type { Showing } from './video-track.ts';

const maxChunkSeconds = 1;
const maxChunkBytes = 4 * 1024 * 1024;
/** Length of the header of an `mdat` box whose size has 64 bits. */
const mediaHeaderBytes = 16;

/** Another stream on its way from the skeleton into the output. */
interface OtherTrack {
  readonly track: Mp4Track;
  readonly pieces: Generator<Piece>;
  next: Piece | null;
  readonly chunks: ChunkList;
}

/** @throws Mp4FormatError when the skeleton is damaged. */
export async function openMp4Writer(input: WriterInput): Promise<OpenWriter> {
  const { request, presentation } = input;
  const movie = await readSkeletonMovie(input.skeleton, input.first);
  const { rotationDegrees, timeBase } = request.source.facts.video;
  // What differs by less than a tick was only rounded on its way.
  const maxRounding = Math.max(fractionValue(timeBase), 0.001);
  const { startSeconds } = movie.videoTrack;
  const isRounded = Math.abs(startSeconds - presentation.firstSeconds) <= maxRounding;
  const firstSeconds = isRounded ? presentation.firstSeconds : startSeconds;
  const rotation = request.isTurned ? 0 : rotationDegrees;
  const showing = { presentation: { ...presentation, firstSeconds }, size: request.size, rotation };
  return { writer: new Mp4Writer(input, movie, showing), firstSeconds };
}

/** MP4 and MOV: one `mdat` in which the streams take turns of about a second, then the index. */
class Mp4Writer implements ContainerWriter {
  readonly #part: PartFile;
  readonly #skeleton: FileHandle;
  readonly #movie: SkeletonMovie;
  readonly #showing: Showing;
  readonly #video: SampleTable;
  readonly #others: readonly OtherTrack[];
  readonly #videoChunks: ChunkList = { offsets: [], samples: [] };
  #mediaAt = 0;

  constructor({ part, skeleton, video }: WriterInput, movie: SkeletonMovie, showing: Showing) {
    this.#part = part;
    this.#skeleton = skeleton;
    this.#movie = movie;
    this.#showing = showing;
    this.#video = video;
    this.#others = movie.tracks
      .filter((track) => track !== movie.videoTrack)
      .map((track) => {
        const pieces = piecesOf(track.stbl, track.timescale);
        return { track, pieces, next: nextOf(pieces), chunks: { offsets: [], samples: [] } };
      });
  }

  async begin(): Promise<void> {
    await this.#part.write(makeBox('ftyp', this.#movie.brands));
    this.#mediaAt = this.#part.position;
    await this.#part.write(mediaHeader(mediaHeaderBytes));
  }

  async append(segment: SampleRun): Promise<void> {
    for (let first = segment.first; first < segment.end; ) {
      const end = this.#endOfChunk(first, segment.end);
      await this.#writeOthers(this.#secondsOf(first));
      this.#videoChunks.offsets.push(this.#part.position);
      this.#videoChunks.samples.push(end - first);
      if (this.#part.isReplaying) this.#part.skip(bytesOf(this.#video.sizes, first, end));
      else await this.#part.write(await readSamples(this.#video, segment, first, end));
      first = end;
    }
  }

  async finish(): Promise<void> {
    await this.#writeOthers(Number.POSITIVE_INFINITY);
    const mediaBytes = this.#part.position - this.#mediaAt;
    const others = new Map(this.#others.map(({ track, chunks }) => [track, chunks]));
    const video = { showing: this.#showing, table: this.#video, chunks: this.#videoChunks };
    await this.#part.write(buildMovie(this.#movie, video, others));
    await this.#part.writeAt(this.#mediaAt, mediaHeader(mediaBytes));
  }

  /** Writes what other streams have before this moment of the presentation, the earliest first. */
  async #writeOthers(untilSeconds: number): Promise<void> {
    for (let due = this.#earliest(untilSeconds); due; due = this.#earliest(untilSeconds)) {
      const { next, chunks, pieces } = due;
      if (!next) return;
      chunks.offsets.push(this.#part.position);
      chunks.samples.push(next.samples);
      if (this.#part.isReplaying) this.#part.skip(next.bytes);
      else await this.#part.write(await readExactly(this.#skeleton, next.offset, next.bytes));
      due.next = nextOf(pieces);
    }
  }

  #earliest(untilSeconds: number): OtherTrack | null {
    let earliest: OtherTrack | null = null;
    let seconds = untilSeconds;
    for (const other of this.#others) {
      const { next, track } = other;
      const begin = next && next.time / track.timescale + track.startSeconds;
      if (begin !== null && begin < seconds) [earliest, seconds] = [other, begin];
    }
    return earliest;
  }

  #secondsOf(frame: number): number {
    const { presentation } = this.#showing;
    return presentation.firstSeconds + secondsSinceFirst(presentation, frame);
  }

  #endOfChunk(first: number, limit: number): number {
    const { sizes } = this.#video;
    const begin = this.#secondsOf(first);
    let bytes = sizes[first] ?? 0;
    let end = first + 1;
    while (end < limit && this.#secondsOf(end) - begin < maxChunkSeconds) {
      bytes += sizes[end] ?? 0;
      if (bytes > maxChunkBytes) break;
      end += 1;
    }
    return end;
  }
}

function nextOf(pieces: Generator<Piece>): Piece | null {
  const next = pieces.next();
  return next.done ? null : next.value;
}

/** The beginning of an `mdat` box of any size. */
function mediaHeader(bytes: number): Buffer {
  return Buffer.concat([uint32(1), Buffer.from('mdat', 'latin1'), uint64Table([bytes])]);
}
