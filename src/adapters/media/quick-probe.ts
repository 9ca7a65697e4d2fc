import type { FileHandle } from 'node:fs/promises';
import { displaySize } from '../../core/hints/display-size.ts';
import type { VideoInfo, VideoTiming } from '../../core/hints/video-info.ts';
import { openRegularFile } from '../files/open-file.ts';
import { findBox, getBox, readContent, topBoxesOf } from '../mp4/boxes.ts';
import {
  type ColourCodes,
  type H264Pictures,
  readColourBox,
  readH264Entry,
  readH264Sps,
} from '../mp4/h264-entry.ts';
import { editsOf, rotationOf, shownSizeOf, timescaleOf } from '../mp4/headers.ts';
import { durationsOf, handlerOf, sampleSizesOf, tablesOf, tracksOf } from '../mp4/tracks.ts';
import { videoColours } from './probe.ts';

const maxTopLevelBoxes = 16;
const maxIndexBytes = 16 * 1024 * 1024;
/** Products of larger terms and of sides would be no whole numbers any more. */
const maxAspectTerm = 0xffff;

/**
 * Probes the usual MP4 or MOV file by its index alone, in this process: about a hundredth of what a process
 * costs. Null at any doubt, and for every other file: then ffprobe is to be asked.
 */
export async function quickProbe(path: string): Promise<VideoInfo | null> {
  try {
    await using file = await openRegularFile(path);
    const movie = await readMovie(file);
    return movie && readMp4Video(movie);
  } catch {
    // Damaged, gone or not to be read: ffprobe's answer says which.
    return null;
  }
}

/** Content of the `moov` box; null when it is not among the first few boxes, or too large to be usual. */
async function readMovie(file: FileHandle): Promise<Buffer | null> {
  let boxes = 0;
  for await (const box of topBoxesOf(file)) {
    if (boxes === 0 && box.name !== 'ftyp') return null;
    if (box.name === 'moov') return box.contentBytes > maxIndexBytes ? null : await readContent(file, box);
    boxes += 1;
    if (boxes === maxTopLevelBoxes) return null;
  }
  return null;
}

/**
 * What the index of an MP4 or MOV file says of its only video track, when that is H.264 and nothing about it is
 * unusual. Null at any doubt: fragments, several video tracks or sample descriptions, scaling or mirroring
 * matrices, edit lists that cut, tables that disagree with each other.
 *
 * @param movie - Content of the `moov` box.
 * @throws Mp4FormatError or RangeError when it is damaged.
 */
export function readMp4Video(movie: Buffer): VideoInfo | null {
  const movieHeader = getBox(movie, ['mvhd']);
  const [track, ...others] = tracksOf(movie).filter((each) => handlerOf(each) === 'vide');
  if (!track || others.length > 0 || findBox(movie, ['mvex'])) return null;
  const trackHeader = getBox(track, ['tkhd']);
  const rotationDegrees = rotationOf('tkhd', trackHeader);
  if (rotationDegrees === null || rotationOf('mvhd', movieHeader) !== 0) return null;
  const pictures = readPictures(track, trackHeader);
  const timing = readTiming(track);
  if (!pictures || !timing || !isUncut(track, timing.durationSeconds, timescaleOf('mvhd', movieHeader))) {
    return null;
  }
  const { transfer = unsaid, matrix = unsaid } = pictures.colours ?? {};
  const colours = videoColours(pictures, hdrTransfers[transfer], matrix !== unsaid);
  return { ...displaySize({ ...pictures, rotationDegrees }), ...timing, ...colours };
}

/** Of ITU-T H.273. */
const unsaid = 2;
const hdrTransfers: Readonly<Record<number, string>> = { 16: 'smpte2084', 18: 'arib-std-b67' };

/** Size and shape of the pictures; null where the file's places for them disagree. */
function readPictures(track: Buffer, trackHeader: Buffer): H264Pictures | null {
  const entry = readH264Entry(getBox(tablesOf(track), ['stsd']));
  if (!entry || ((entry.decoderSettings[5] ?? 0) & 0x1f) !== 1) return null;
  const { decoderSettings } = entry;
  const pictures = readH264Sps(decoderSettings.subarray(8, 8 + decoderSettings.readUInt16BE(6)));
  if (pictures?.width !== entry.width || pictures.height !== entry.height) return null;
  const colours = readColours(entry.boxes, pictures);
  if (colours === 'doubtful') return null;
  return readShape(entry.boxes, trackHeader, { ...pictures, colours });
}

/** The decoder's word goes before the container's; where they disagree, or the box has a profile, ffprobe is to be asked. */
function readColours(boxes: Buffer, { colours }: H264Pictures): ColourCodes | null | 'doubtful' {
  const box = findBox(boxes, ['colr']);
  if (!box) return colours;
  const said = readColourBox(box);
  const isSame = said?.matrix === colours?.matrix && said?.transfer === colours?.transfer;
  return said && (colours === null || isSame) ? said : 'doubtful';
}

function readShape(boxes: Buffer, trackHeader: Buffer, pictures: H264Pictures): H264Pictures | null {
  const aspect = findBox(boxes, ['pasp']);
  if (!aspect) return isShownAsCoded(trackHeader, pictures) ? pictures : null;
  const [numerator, denominator] = [aspect.readUInt32BE(0), aspect.readUInt32BE(4)];
  const isUsual = Math.min(numerator, denominator) > 0 && Math.max(numerator, denominator) <= maxAspectTerm;
  return isUsual ? { ...pictures, sampleAspect: { numerator, denominator } } : null;
}

/** Whether the track header's own size, which counts where the sample entry gives no aspect, is the coded one or 0. */
function isShownAsCoded(trackHeader: Buffer, pictures: H264Pictures): boolean {
  const { width, height } = shownSizeOf(trackHeader);
  const isUnsaid = width === 0 && height === 0;
  return isUnsaid || (width === pictures.width && height === pictures.height);
}

/** Sample count and summed durations; null when the two tables disagree. */
function readTiming(track: Buffer): VideoTiming | null {
  const stbl = tablesOf(track);
  const frames = sampleSizesOf(stbl).count;
  let counted = 0;
  let ticks = 0;
  for (const { samples, value } of durationsOf(stbl)) {
    counted += samples;
    ticks += samples * value;
  }
  const durationSeconds = ticks / timescaleOf('mdhd', getBox(track, ['mdia', 'mdhd']));
  const isPlausible =
    frames > 0 && counted === frames && Number.isFinite(durationSeconds) && durationSeconds > 0;
  return isPlausible ? { frames, durationSeconds, frameRate: frames / durationSeconds } : null;
}

/** Whether the edit list, if there is one, shows the track whole and at its own speed. */
function isUncut(track: Buffer, durationSeconds: number, movieTimescale: number): boolean {
  const [edit, ...others] = editsOf(track);
  if (!edit) return true;
  if (others.length > 0 || edit.rate !== 1 || edit.mediaTime < 0) return false;
  return Math.abs(edit.duration / movieTimescale - durationSeconds) <= 2 / movieTimescale;
}
