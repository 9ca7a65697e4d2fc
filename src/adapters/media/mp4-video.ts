import { displaySize } from '../../core/hints/display-size.ts';
import type { VideoInfo } from '../../core/hints/video-info.ts';
import { findBox, readBoxes } from '../mp4/boxes.ts';
import { type H264Pictures, readH264Sps } from '../mp4/h264-sps.ts';

/** The upper left of a display matrix, as text, and how far it turns the picture. Nothing else is understood. */
const rotations: Readonly<Record<string, number>> = {
  '1,0,0,1': 0,
  '0,1,-1,0': 90,
  '-1,0,0,-1': 180,
  '0,-1,1,0': 270,
};
const one = 0x10000;

/** Where the pieces lie in the content of a video sample entry (ISO/IEC 14496-12, section 12.1.3). */
const entryWidthAt = 24;
const entryHeightAt = 26;
const entryBoxesAt = 78;

/**
 * What the index of an MP4 or MOV file says of its only video track, when that is H.264 and nothing about it is
 * unusual. Null at any doubt: fragments, several video tracks or sample descriptions, scaling or mirroring
 * matrices, edit lists that cut, tables that disagree with each other.
 *
 * @param moov - Content of the `moov` box.
 * @throws Mp4FormatError or RangeError when it is damaged.
 */
export function readMp4Video(moov: Buffer): VideoInfo | null {
  const boxes = [...readBoxes(moov)];
  const movieHeader = boxes.find((box) => box.name === 'mvhd')?.content;
  const tracks = boxes.filter((box) => box.name === 'trak' && isVideoTrack(box.content));
  const track = tracks[0]?.content;
  if (!movieHeader || !track || tracks.length > 1 || boxes.some((box) => box.name === 'mvex')) return null;
  const trackHeader = findBox(track, ['tkhd']);
  const rotationDegrees = trackHeader && rotationOf(trackHeader, 40);
  if (rotationDegrees === null || rotationOf(movieHeader, 36) !== 0) return null;
  const pictures = readPictures(track);
  const timing = readTiming(track);
  if (!pictures || !timing || !isUncut(track, timing.durationSeconds, timescaleOf(movieHeader))) return null;
  return { ...displaySize({ ...pictures, rotationDegrees }), ...timing };
}

function isVideoTrack(track: Buffer): boolean {
  return findBox(track, ['mdia', 'hdlr'])?.toString('latin1', 8, 12) === 'vide';
}

/** The clockwise turn of a header's matrix, which lies at `shortAt`, or 12 bytes later in version 1. */
function rotationOf(header: Buffer, shortAt: number): number | null {
  const matrix = header[0] === 1 ? shortAt + 12 : shortAt;
  const turn = [0, 4, 12, 16].map((offset) => header.readInt32BE(matrix + offset) / one);
  const isFlat = header.readInt32BE(matrix + 8) === 0 && header.readInt32BE(matrix + 20) === 0;
  return isFlat ? (rotations[turn.join(',')] ?? null) : null;
}

function readPictures(track: Buffer): H264Pictures | null {
  const descriptions = findBox(track, ['mdia', 'minf', 'stbl', 'stsd']);
  if (descriptions?.readUInt32BE(4) !== 1) return null;
  const entry = findBox(descriptions.subarray(8), ['avc1']);
  const configuration = entry && findBox(entry.subarray(entryBoxesAt), ['avcC']);
  if (!entry || !configuration || ((configuration[5] ?? 0) & 0x1f) !== 1) return null;
  const pictures = readH264Sps(configuration.subarray(8, 8 + configuration.readUInt16BE(6)));
  if (pictures?.width !== entry.readUInt16BE(entryWidthAt)) return null;
  if (pictures.height !== entry.readUInt16BE(entryHeightAt)) return null;
  const aspect = findBox(entry.subarray(entryBoxesAt), ['pasp']);
  if (!aspect) return isShownAsCoded(track, pictures) ? pictures : null;
  const [width, height] = [aspect.readUInt32BE(0), aspect.readUInt32BE(4)];
  return width > 0 && height > 0 ? { ...pictures, sampleAspectRatio: width / height } : null;
}

/** Whether the track header's own size, which counts where the sample entry gives no aspect, is the coded one or 0. */
function isShownAsCoded(track: Buffer, pictures: H264Pictures): boolean {
  const header = findBox(track, ['tkhd']);
  if (!header) return false;
  const shownWidth = header.readUInt32BE(header.length - 8) / one;
  const shownHeight = header.readUInt32BE(header.length - 4) / one;
  const isUnsaid = shownWidth === 0 && shownHeight === 0;
  return isUnsaid || (shownWidth === pictures.width && shownHeight === pictures.height);
}

/** Sample count and summed durations; null when the two tables disagree. */
function readTiming(track: Buffer): Omit<VideoInfo, 'width' | 'height'> | null {
  const sizes = findBox(track, ['mdia', 'minf', 'stbl', 'stsz']);
  const durations = findBox(track, ['mdia', 'minf', 'stbl', 'stts']);
  const mediaHeader = findBox(track, ['mdia', 'mdhd']);
  if (!sizes || !durations || !mediaHeader) return null;
  const frames = sizes.readUInt32BE(8);
  let counted = 0;
  let ticks = 0;
  for (let run = 0, at = 8; run < durations.readUInt32BE(4); run++, at += 8) {
    counted += durations.readUInt32BE(at);
    ticks += durations.readUInt32BE(at) * durations.readUInt32BE(at + 4);
  }
  const durationSeconds = ticks / timescaleOf(mediaHeader);
  const isPlausible =
    frames > 0 && counted === frames && Number.isFinite(durationSeconds) && durationSeconds > 0;
  return isPlausible ? { frames, durationSeconds, frameRate: frames / durationSeconds } : null;
}

/** Whether the edit list, if there is one, shows the track whole and at its own speed. */
function isUncut(track: Buffer, durationSeconds: number, movieTimescale: number): boolean {
  const edits = findBox(track, ['edts', 'elst']);
  if (!edits) return true;
  if (edits.readUInt32BE(4) !== 1 || edits[0] !== 0) return false;
  const shownSeconds = edits.readUInt32BE(8) / movieTimescale;
  const isFullSpeed = edits.readUInt32BE(16) === one;
  return (
    isFullSpeed &&
    edits.readInt32BE(12) >= 0 &&
    Math.abs(shownSeconds - durationSeconds) <= 2 / movieTimescale
  );
}

function timescaleOf(header: Buffer): number {
  return header.readUInt32BE(header[0] === 1 ? 20 : 12);
}
