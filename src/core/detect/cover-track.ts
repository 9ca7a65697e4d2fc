import { areaOf, overlapOf, type Rect, unionOf } from './detection.ts';
import { between, type Sighting, steadyRect, type Track } from './track-detections.ts';

/** A rectangle that stays for some pictures in a row. */
export interface BoxSpan {
  readonly firstPicture: number;
  readonly pictures: number;
  readonly rect: Rect;
}

/** How many sightings before and after one tell whether it is a lasting change, which takes less than so many seconds. */
const around = { sightings: 4, seconds: 0.6 };
/** Between two pictures in a row, a thing whose places overlap less has changed at once. */
const leastSteady = 0.75;
/** A thing that moves does so evenly for as long as this, before and after; so many sightings are enough. */
const evenSeconds = 0.25;
const steadySightings = 8;
/** A rectangle covers a thing that moves for as long as it is larger than the thing by no more than this. */
const mostGrowth = 0.03;

/**
 * Rectangles that cover a thing in all pictures from its first to its last sighting. What stays has one rectangle for all
 * its time, or one for each shot; what moves has one after the other, each of which covers all places that it is at
 * meanwhile.
 */
export function coverTrack(track: Track): BoxSpan[] {
  return partsOf(track).flatMap((part) => stillCover(part) ?? movingCovers(steadied(part)));
}

/** Where a shot ends, or a thing changes for longer from one picture to the next, something else begins. */
function partsOf(track: Track): Sighting[][] {
  const parts: Sighting[][] = [];
  const usual = track.map((_, at) => edgesAt(evenlyAround(track, at), 0.5));
  for (const [at, sighting] of track.entries()) {
    const part = parts.at(-1);
    const last = part?.at(-1);
    const [before, here] = [usual[at - 1], usual[at]];
    const isNext = last?.picture === sighting.picture - 1;
    const hasChanged = isNext && before && here && overlapOf(before, here) < leastSteady;
    if (part && last?.shot === sighting.shot && !hasChanged) part.push(sighting);
    else parts.push([sighting]);
  }
  return parts;
}

/** As many sightings before one as after, so that even motion does not count. */
function evenlyAround(track: Track, at: number): Track {
  const isNear = (other: number) =>
    Math.abs((track[other]?.seconds ?? Number.NaN) - (track[at]?.seconds ?? 0)) <= around.seconds;
  let reach = 0;
  while (reach < around.sightings && isNear(at - reach - 1) && isNear(at + reach + 1)) reach += 1;
  return track.slice(at - reach, at + reach + 1);
}

/** @param reach - Part of the sightings that reaches no further, on each side: 0.5 for the median. */
function edgesAt(track: Track, reach: number): Rect {
  const edge = (name: keyof Rect, share: number) => {
    const sorted = track.map(({ rect }) => rect[name]).sort((one, other) => one - other);
    return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
  };
  return {
    left: edge('left', 1 - reach),
    top: edge('top', 1 - reach),
    right: edge('right', reach),
    bottom: edge('bottom', reach),
  };
}

/** How far most sightings of what stays reach: the rest is trembling. */
const stillReach = 0.6;
/** Its usual places at any time overlap the rectangle so much … */
const leastStill = 0.8;
/** … in so large a part of its sightings: those at both ends have few around them. */
const mostlyStill = 0.9;

/** One rectangle for a thing that stays, also where only a part of it was found at times; null for one that moves. */
function stillCover(part: Track): BoxSpan[] | null {
  const rect = edgesAt(part, stillReach);
  const [first, last] = [part[0], part.at(-1)];
  const still = part.filter((_, at) => overlapOf(edgesAt(evenlyAround(part, at), 0.5), rect) >= leastStill);
  if (!first || !last || still.length < mostlyStill * part.length) return null;
  return [{ firstPicture: first.picture, pictures: last.picture - first.picture + 1, rect }];
}

/** With fewer sightings it cannot be said which of them is wrong. */
const fewestSteadied = 5;

function steadied(part: Track): Track {
  return part.map((sighting, at) => {
    const { seconds } = sighting;
    const near = part
      .slice(Math.max(0, at - steadySightings), at + steadySightings + 1)
      .filter((each) => Math.abs(each.seconds - seconds) <= evenSeconds);
    return near.length < fewestSteadied ? sighting : { ...sighting, rect: steadyRect(near, seconds) };
  });
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
