import { Mp4FormatError } from './boxes.ts';

/** Where numbers lie in the three kinds of header, after version, flags and the two dates. */
const layouts = {
  /** Time scale, then duration. */
  mvhd: { beforeDuration: 4, scaleAt: 0 },
  /** Track number and four reserved bytes, then duration. */
  tkhd: { beforeDuration: 8, scaleAt: null },
  /** Time scale, then duration. */
  mdhd: { beforeDuration: 4, scaleAt: 0 },
} as const;

/** The headers of a movie, a track and its media (ISO/IEC 14496-12, sections 8.2.2, 8.3.2 and 8.4.2). */
type Mp4HeaderName = keyof typeof layouts;

/** What is changed in a header; what is not named stays. */
interface HeaderChanges {
  /** In ticks of the header's own time scale; a track's is that of the movie. */
  readonly duration: number;
  readonly timescale?: number;
}

/** The header's content with another duration, in its long form where that needs it. */
export function withDuration(name: Mp4HeaderName, content: Buffer, changes: HeaderChanges): Buffer {
  const parts = split(name, content);
  const { scaleAt } = layouts[name];
  const between = Buffer.from(parts.between);
  if (changes.timescale !== undefined && scaleAt !== null) between.writeUInt32BE(changes.timescale, scaleAt);
  const isLong = Math.max(changes.duration, parts.created, parts.modified) > 0xffff_ffff;
  const fields = isLong
    ? [long(parts.created), long(parts.modified), between, long(changes.duration)]
    : [short(parts.created), short(parts.modified), between, short(changes.duration)];
  return Buffer.concat([Buffer.from([isLong ? 1 : 0]), content.subarray(1, 4), ...fields, parts.rest]);
}

/** In ticks of the header's own time scale. */
export function durationOf(name: Mp4HeaderName, content: Buffer): number {
  return split(name, content).duration;
}

/** Ticks of one second. */
export function timescaleOf(name: 'mvhd' | 'mdhd', content: Buffer): number {
  return split(name, content).between.readUInt32BE(0);
}

function split(name: Mp4HeaderName, content: Buffer) {
  const { beforeDuration } = layouts[name];
  const width = content[0] === 1 ? 8 : 4;
  const durationAt = 4 + 2 * width + beforeDuration;
  if (content.length < durationAt + width) throw new Mp4FormatError(`box ${name} is cut off`);
  return {
    created: readNumber(content, 4, width),
    modified: readNumber(content, 4 + width, width),
    between: content.subarray(4 + 2 * width, durationAt),
    duration: readNumber(content, durationAt, width),
    rest: content.subarray(durationAt + width),
  };
}

function readNumber(bytes: Buffer, at: number, width: 4 | 8): number {
  return width === 4 ? bytes.readUInt32BE(at) : Number(bytes.readBigUInt64BE(at));
}

function short(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function long(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
}
