import type { FileHandle } from 'node:fs/promises';
import { findBox, Mp4FormatError, readBoxes } from './boxes.ts';
import { editsOf, startOf } from './edit-list.ts';
import { timescaleOf } from './headers.ts';
import { sampleSizesOf, tableOf } from './sample-tables.ts';
import { readTopBoxes } from './top-boxes.ts';
import { decoderSettingsOf } from './video-entry.ts';

/** One track of a movie. */
export interface Mp4Track {
  /** Content of its `trak` box. */
  readonly content: Buffer;
  /** Its tables of samples. */
  readonly stbl: Buffer;
  readonly timescale: number;
  /** When the first tick of its media is shown, in seconds. */
  readonly startSeconds: number;
}

/** A movie as ffmpeg wrote it: everything but the upscaled video, of which there is one frame. */
export interface SkeletonMovie {
  /** Content of its `ftyp` box. */
  readonly brands: Buffer;
  /** Content of its `moov` box. */
  readonly movie: Buffer;
  readonly movieTimescale: number;
  readonly tracks: readonly Mp4Track[];
  /** Which of the tracks is the upscaled video. */
  readonly videoTrack: Mp4Track;
}

/**
 * Reads all but the samples of a skeleton.
 *
 * @param first - What tells the track of the upscaled video: its decoder settings, and the size of its one frame.
 */
export async function readSkeletonMovie(
  file: FileHandle,
  first: { readonly decoderSettings: Buffer; readonly sizeBytes: number },
): Promise<SkeletonMovie> {
  const boxes = await readTopBoxes(file, ['ftyp', 'moov']);
  const brands = boxes.find(({ name }) => name === 'ftyp')?.content;
  const movie = boxes.find(({ name }) => name === 'moov')?.content;
  const header = movie && findBox(movie, ['mvhd']);
  if (!brands || !movie || !header) throw new Mp4FormatError('the index is missing');
  const movieTimescale = timescaleOf('mvhd', header);
  const tracks = [...readBoxes(movie)]
    .filter(({ name }) => name === 'trak')
    .map(({ content }) => readTrack(content, movieTimescale));
  const videoTrack = tracks.find((track) => isFirstFrame(track, first.decoderSettings, first.sizeBytes));
  if (!videoTrack) throw new Mp4FormatError('the upscaled video is missing');
  return { brands, movie, movieTimescale, tracks, videoTrack };
}

function readTrack(content: Buffer, movieTimescale: number): Mp4Track {
  const stbl = findBox(content, ['mdia', 'minf', 'stbl']);
  const header = findBox(content, ['mdia', 'mdhd']);
  if (!stbl || !header) throw new Mp4FormatError('a track has no tables');
  const timescale = timescaleOf('mdhd', header);
  const startSeconds = startOf(editsOf(content), movieTimescale, timescale);
  return { content, stbl, timescale, startSeconds };
}

function isFirstFrame({ stbl }: Mp4Track, decoderSettings: Buffer, sizeBytes: number): boolean {
  const sizes = sampleSizesOf(stbl);
  if (sizes.count !== 1 || sizes.at(0) !== sizeBytes) return false;
  const isH264 = findBox(tableOf(stbl, 'stsd').subarray(8), ['avc1']) !== null;
  return isH264 && decoderSettingsOf(tableOf(stbl, 'stsd')).equals(decoderSettings);
}
