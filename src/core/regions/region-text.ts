/** A length along a side of the picture as shown. */
export interface Length {
  readonly value: number;
  readonly unit: 'px' | '%';
}

/** A moment of a video: seconds from its first frame on, or the number of a frame, from 1. */
export type Moment = { readonly seconds: number } | { readonly frame: number };

/** A rectangle of the picture as shown, and when it counts, as a person writes it. */
export interface RegionText {
  readonly x: Length;
  readonly y: Length;
  readonly width: Length;
  readonly height: Length;
  /** The first moment; null: from the beginning. */
  readonly from: Moment | null;
  /** The moment until which it counts; a frame that is named is the last one. Null: to the end. */
  readonly to: Moment | null;
}

/** How a region is written, for messages. */
export const regionForm = 'X,Y,WIDTH,HEIGHT[@FROM-TO]';

/**
 * Reads `X,Y,WIDTH,HEIGHT[@FROM-TO]`: pixels or percent of the picture as shown; times as seconds (`12.5`), as
 * `h:mm:ss.mmm`, or as numbers of frames (`120f`). FROM or TO may be missing.
 *
 * @returns a sentence that says what is wrong where the text is none.
 */
export function parseRegion(text: string): RegionText | string {
  const [area = '', times, ...more] = text.split('@');
  if (more.length > 0) return 'it has more than one @.';
  const sides = area.split(',').map((part) => part.trim());
  if (sides.length !== 4) return `it has ${sides.length} numbers before the times instead of 4.`;
  const lengths: Length[] = [];
  for (const side of sides) {
    const length = parseLength(side);
    if (length === null) return `"${side}" is neither a number of pixels nor a percentage.`;
    lengths.push(length);
  }
  const [x, y, width, height] = lengths;
  if (!x || !y || !width || !height) return 'a number is missing.';
  if (width.value === 0 || height.value === 0) return 'it covers nothing.';
  const span = times === undefined ? { from: null, to: null } : parseSpan(times.trim());
  return typeof span === 'string' ? span : { x, y, width, height, ...span };
}

function parseLength(text: string): Length | null {
  const match = /^(\d{1,5}(?:\.\d{1,6})?)(px|%)?$/.exec(text);
  if (!match) return null;
  const value = Number(match[1]);
  const unit = match[2] === '%' ? '%' : 'px';
  return unit === '%' && value > 100 ? null : { value, unit };
}

function parseSpan(text: string): Pick<RegionText, 'from' | 'to'> | string {
  const match = /^([^-]*)-([^-]*)$/.exec(text);
  if (!match) return `"${text}" is not FROM-TO.`;
  const [from, to] = [parseMoment(match[1] ?? ''), parseMoment(match[2] ?? '')];
  if (from === undefined || to === undefined) {
    return `"${from === undefined ? match[1] : match[2]}" is not a time: write seconds (12.5), 0:01:02.5, or a frame (120f).`;
  }
  if (from === null && to === null) return 'both times are missing.';
  if (from && to && 'seconds' in from && 'seconds' in to && from.seconds >= to.seconds)
    return 'it ends before it begins.';
  if (from && to && 'frame' in from && 'frame' in to && from.frame > to.frame)
    return 'it ends before it begins.';
  return { from, to };
}

/** Undefined for what is no moment; null for nothing. */
export function parseMoment(text: string): Moment | null | undefined {
  const trimmed = text.trim();
  if (trimmed === '') return null;
  const frame = /^(\d{1,9})f$/.exec(trimmed);
  if (frame) return Number(frame[1]) === 0 ? undefined : { frame: Number(frame[1]) };
  const clock = /^(?:(?:(\d{1,3}):)?(\d{1,3}):)?(\d{1,6}(?:\.\d{1,9})?)s?$/.exec(trimmed);
  if (!clock) return undefined;
  const [, hours = '0', minutes = '0', seconds = '0'] = clock;
  return { seconds: 3600 * Number(hours) + 60 * Number(minutes) + Number(seconds) };
}
