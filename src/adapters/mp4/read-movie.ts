import type { FileHandle } from 'node:fs/promises';
import type { SegmentSamples } from '../muxing/samples.ts';
import { getBox, Mp4FormatError, readTopBox } from './boxes.ts';
import { editsOf, startOf, timescaleOf } from './headers.ts';
import { sampleSizesOf, tablesOf, tracksOf } from './tracks.ts';
import { readVideoEntry } from './video-entry.ts';

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
  readonly brands: Buffer;
  /** Content of its `moov` box. */
  readonly movie: Buffer;
  readonly movieTimescale: number;
  readonly tracks: readonly Mp4Track[];
  readonly videoTrack: Mp4Track;
}

/**
 * Reads all but the samples of a skeleton.
 *
 * @param first - The one frame of the upscaled video, by which its track is recognised.
 */
export async function readSkeletonMovie(file: FileHandle, first: SegmentSamples): Promise<SkeletonMovie> {
  const brands = (await readTopBox(file, 'ftyp'))?.content;
  const movie = (await readTopBox(file, 'moov'))?.content;
  if (!brands || !movie) throw new Mp4FormatError('the index is missing');
  const movieTimescale = timescaleOf('mvhd', getBox(movie, ['mvhd']));
  const tracks = tracksOf(movie).map((content): Mp4Track => {
    const timescale = timescaleOf('mdhd', getBox(content, ['mdia', 'mdhd']));
    const startSeconds = startOf(editsOf(content), movieTimescale, timescale);
    return { content, stbl: tablesOf(content), timescale, startSeconds };
  });
  const videoTrack = tracks.find((track) => isFirstFrame(track, first));
  if (!videoTrack) throw new Mp4FormatError('the upscaled video is missing');
  return { brands, movie, movieTimescale, tracks, videoTrack };
}

function isFirstFrame({ stbl }: Mp4Track, { table, decoderSettings }: SegmentSamples): boolean {
  const sizes = sampleSizesOf(stbl);
  if (sizes.count !== 1 || sizes.at(0) !== table.sizes[0]) return false;
  return readVideoEntry(getBox(stbl, ['stsd']))?.decoderSettings.equals(decoderSettings) ?? false;
}
