import { areaOf, overlapOf, type Rect, unionOf } from './detection.ts';
import { between, type Sighting, type Track } from './track-detections.ts';

/** A rectangle that stays for some pictures in a row. */
export interface BoxSpan {
  readonly firstPicture: number;
  readonly pictures: number;
  readonly rect: Rect;
}

/** How far around a sighting others are asked for its edges: in seconds, in number, and by how much those still overlap. */
const smoothing = { seconds: 0.6, sightings: 4, leastOverlap: 0.6 };
/** Between two pictures in a row, a thing whose places overlap less has changed at once. */
const leastSteady = 0.75;
/** A thing stays where its places overlap its usual one so much … */
const leastStill = 0.75;
/** … in so large a part of its sightings. */
const mostlyStill = 0.85;
/** A rectangle covers a thing that moves for as long as it is larger than the thing by no more than this. */
const mostGrowth = 0.1;

/**
 * Rectangles that cover a thing in all pictures from its first to its last sighting. What stays has one rectangle for all
 * its time, or one for each shot; what moves has one after the other, each of which covers all places that it is at
 * meanwhile.
 */
export function coverTrack(track: Track): BoxSpan[] {
  return partsOf(smoothed(track)).flatMap((part) => stillCover(part) ?? movingCovers(part));
}

/**
 * Each edge is the median of those around, as many before as after: what trembles comes to rest, while even motion and
 * sudden changes stay as they are.
 */
function smoothed(track: Track): Track {
  return track.map((sighting, at) => {
    let reach = 0;
    while (reach < smoothing.sightings && isNear(track, at, reach + 1)) reach += 1;
    return { ...sighting, rect: usualRect(track.slice(at - reach, at + reach + 1), 0.5) };
  });
}

function isNear(track: Track, at: number, step: number): boolean {
  const [before, here, after] = [track[at - step], track[at], track[at + step]];
  if (!before || !here || !after) return false;
  const farther = Math.max(here.seconds - before.seconds, after.seconds - here.seconds);
  return farther <= smoothing.seconds && overlapOf(before.rect, after.rect) >= smoothing.leastOverlap;
}

/** @param reach - Part of the sightings that reaches no further, on each side: 0.5 for the median. */
function usualRect(track: Track, reach: number): Rect {
  const edge = (name: keyof Rect, share: number) => {
    const sorted = track.map(({ rect }) => rect[name]).sort((one, other) => one - other);
    return sorted[Math.floor(share * sorted.length)] ?? 0;
  };
  return {
    left: edge('left', 1 - reach),
    top: edge('top', 1 - reach),
    right: edge('right', reach),
    bottom: edge('bottom', reach),
  };
}

/** Where a shot ends, or a thing changes from one picture to the next, something else begins. */
function partsOf(track: Track): Sighting[][] {
  const parts: Sighting[][] = [];
  for (const sighting of track) {
    const part = parts.at(-1);
    const last = part?.at(-1);
    const hasChanged =
      last?.picture === sighting.picture - 1 && overlapOf(last.rect, sighting.rect) < leastSteady;
    if (part && last?.shot === sighting.shot && !hasChanged) part.push(sighting);
    else parts.push([sighting]);
  }
  return parts;
}

/** How far most sightings of what stays reach: the rest is trembling. */
const stillReach = 0.7;

/** One rectangle for a thing that stays; null for one that moves. */
function stillCover(part: Track): BoxSpan[] | null {
  const usual = usualRect(part, 0.5);
  const still = part.filter(({ rect }) => overlapOf(rect, usual) >= leastStill);
  const [first, last] = [part[0], part.at(-1)];
  if (!first || !last || still.length < mostlyStill * part.length) return null;
  const pictures = last.picture - first.picture + 1;
  return [{ firstPicture: first.picture, pictures, rect: usualRect(still, stillReach) }];
}

function movingCovers(part: Track): BoxSpan[] {
  const spans: Span[] = [];
  for (const { picture, rect } of everyPicture(part)) {
    const span = spans.at(-1);
    const all = span ? unionOf(span.rect, rect) : rect;
    const least = Math.min(span?.least ?? Number.POSITIVE_INFINITY, areaOf(rect));
    if (span && areaOf(all) <= (1 + mostGrowth) * least)
      Object.assign(span, { end: picture + 1, rect: all, least });
    else spans.push({ first: picture, end: picture + 1, rect, least: areaOf(rect) });
  }
  return spans.map(({ first, end, rect }) => ({ firstPicture: first, pictures: end - first, rect }));
}

/** Pictures that one rectangle covers, and the least area that the thing has in them. */
interface Span {
  readonly first: number;
  readonly end: number;
  readonly rect: Rect;
  readonly least: number;
}

/** Between two sightings a thing moves evenly. */
function* everyPicture(part: Track): Generator<Pick<Sighting, 'picture' | 'rect'>> {
  for (const [at, { picture, rect }] of part.entries()) {
    yield { picture, rect };
    const next = part[at + 1];
    if (!next) return;
    const steps = next.picture - picture;
    for (let step = 1; step < steps; step++)
      yield { picture: picture + step, rect: between(rect, next.rect, step / steps) };
  }
}
