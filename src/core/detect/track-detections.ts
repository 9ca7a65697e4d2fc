import { type Detection, overlapOf, type Rect } from './detection.ts';

/** What was found in one picture of a video. */
export interface Sample {
  /** Number of the picture among the video's unique ones. */
  readonly picture: number;
  /** From when on it is shown … */
  readonly seconds: number;
  /** … and until when. */
  readonly endSeconds: number;
  /** Number of the shot it belongs to. */
  readonly shot: number;
  /** Also those that are too weak to count alone. */
  readonly detections: readonly Detection[];
}

/** A thing in one of the pictures that were looked at. */
export interface Sighting extends Pick<Sample, 'picture' | 'seconds' | 'endSeconds' | 'shot'> {
  readonly rect: Rect;
  readonly score: number;
}

/** The same thing in one picture after the other, which ascend. It is there between them, too. */
export type Track = readonly Sighting[];

export interface TrackOptions {
  /** A track begins with a detection of at least this score; weaker ones only continue it. */
  readonly leastScore: number;
}

/** A thing that was lost for longer is another one when it comes back. */
const mostGapSeconds = 0.5;
/** How much of a box has to be where it is expected: in the next picture that was looked at … */
const nextOverlap = 0.3;
/** … and after some in which it was not found. */
const laterOverlap = 0.45;
/** What is shown for less time is taken for a mistake … */
const leastSeconds = 0.2;
/** … and what is shown for less than this, too, unless its best score is so far on the way from the least one to 1. */
const doubtSeconds = 0.5;
const certainShare = 0.9;

/**
 * Follows things through the pictures of a video. What flashes up, or is found for a moment and weakly, is nothing.
 *
 * @param samples - Ascending.
 */
export function trackDetections(samples: Iterable<Sample>, { leastScore }: TrackOptions): Track[] {
  const finished: Sighting[][] = [];
  let open: Sighting[][] = [];
  let previous: Sample | null = null;
  for (const sample of samples) {
    const isLost = (track: Track) => sample.seconds - (track.at(-1)?.seconds ?? 0) > mostGapSeconds;
    finished.push(...open.filter((track) => isLost(track) && !wasJustSeen(track, previous)));
    open = open.filter((track) => !isLost(track) || wasJustSeen(track, previous));
    const left = continueTracks(open, sample, previous);
    open.push(...left.filter(({ score }) => score >= leastScore).map((each) => [sightingOf(each, sample)]));
    previous = sample;
  }
  return [...finished, ...open].filter((track) => isReal(track, leastScore));
}

function isReal(track: Track, leastScore: number): boolean {
  const [first, last] = [track[0], track.at(-1)];
  if (!first || !last) return false;
  // Times are sums of fractions.
  const seconds = last.endSeconds - first.seconds + 1e-3;
  const certain = leastScore + certainShare * (1 - leastScore);
  return seconds >= leastSeconds && (seconds >= doubtSeconds || track.some(({ score }) => score >= certain));
}

function wasJustSeen(track: Track, previous: Sample | null): boolean {
  return previous !== null && track.at(-1)?.picture === previous.picture;
}

/** Gives each track the detection that lies best where it is expected. @returns the detections that none has. */
function continueTracks(tracks: readonly Sighting[][], sample: Sample, previous: Sample | null): Detection[] {
  const pairs = tracks.flatMap((track) =>
    sample.detections.flatMap((detection) => {
      const overlap = likenessOf(track, detection.rect, sample, previous);
      return overlap === null ? [] : [{ track, detection, overlap }];
    }),
  );
  const taken = new Set<unknown>();
  for (const { track, detection } of pairs.toSorted((one, other) => other.overlap - one.overlap)) {
    if (taken.has(track) || taken.has(detection)) continue;
    taken.add(track).add(detection);
    track.push(sightingOf(detection, sample));
  }
  return sample.detections.filter((detection) => !taken.has(detection));
}

function sightingOf({ rect, score }: Detection, { picture, seconds, endSeconds, shot }: Sample): Sighting {
  return { picture, seconds, endSeconds, shot, rect, score };
}

/** How well a box fits to a track; null where it is another thing. */
function likenessOf(track: Track, rect: Rect, sample: Sample, previous: Sample | null): number | null {
  const last = track.at(-1);
  if (!last) return null;
  const isNext = wasJustSeen(track, previous);
  const isCut = last.shot !== sample.shot;
  if (isCut && !isNext) return null;
  const overlap = Math.max(overlapOf(last.rect, rect), overlapOf(expectedAt(track, sample.seconds), rect));
  return overlap >= (isNext && !isCut ? nextOverlap : laterOverlap) ? overlap : null;
}

/** How far back a thing's speed is looked for, in seconds. */
const speedSeconds = 0.6;
/** Of a thing that was looked at in every frame, these are enough. */
const speedSightings = 8;

/** Where a thing would be if it continued as before. */
function expectedAt(track: Track, seconds: number): Rect {
  const from = (track.at(-1)?.seconds ?? 0) - speedSeconds;
  return steadyRect(
    track.slice(-speedSightings).filter((each) => each.seconds >= from),
    seconds,
  );
}

/**
 * Where a thing is at a time, by sightings around it: each edge moves evenly, at the median of the speeds between any two
 * sightings (Theil and Sen), so that some that are wrong do not count.
 */
export function steadyRect(around: Track, seconds: number): Rect {
  const edge = (name: keyof Rect) => {
    const speeds = around.flatMap((one, at) =>
      around
        .slice(at + 1)
        .map((other) => (other.rect[name] - one.rect[name]) / (other.seconds - one.seconds)),
    );
    const speed = medianOf(speeds);
    return medianOf(around.map((each) => each.rect[name] + speed * (seconds - each.seconds)));
  };
  return { left: edge('left'), top: edge('top'), right: edge('right'), bottom: edge('bottom') };
}

/** Of an even number, the mean of those in the middle; 0 of none. */
function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  const [low, high] = [sorted[(sorted.length - 1) >> 1] ?? 0, sorted[sorted.length >> 1] ?? 0];
  return (low + high) / 2;
}

/** The rectangle at `share` of the way from one to another. */
export function between(from: Rect, to: Rect, share: number): Rect {
  const edge = (name: keyof Rect) => from[name] + share * (to[name] - from[name]);
  return { left: edge('left'), top: edge('top'), right: edge('right'), bottom: edge('bottom') };
}
