import type { Timeline } from './timeline.ts';

/**
 * A whole run of frames that is decoded, upscaled and encoded by itself: what one checkpoint covers. It begins with a
 * unique frame and holds whole batches, except that the last one of a video may end with a smaller batch.
 */
export interface Segment {
  /** From 0, in order. */
  readonly segmentId: number;
  /** Number of its first frame, from 0. */
  readonly firstFrame: number;
  readonly frames: number;
  /** Place of its first frame among the unique ones. */
  readonly firstUnique: number;
  /** Frames that are really upscaled. */
  readonly uniqueFrames: number;
  /** Number of its first batch over the whole video. */
  readonly firstBatch: number;
  /** Presentation time of a key frame from which decoding gives all its frames; null: from the file's beginning. */
  readonly seekTime: number | null;
  /** Unique frames before and after its own that have to be decoded, too. */
  readonly context: FrameContext;
}

/** How many unique frames on either side. */
export interface FrameContext {
  readonly before: number;
  readonly after: number;
}

export interface SegmentsInput {
  readonly timeline: Pick<Timeline, 'times' | 'uniqueFrames'>;
  /** Numbers of the frames that decoding may start from, ascending. The first frame needs none. */
  readonly keyFrames: ArrayLike<number>;
  /** Unique frames of a batch, at least 1. */
  readonly batchSize: number;
  /** Frames that a segment is to have, about; at least 1. */
  readonly targetFrames: number;
  /** So many frames before its first one a segment's decoding gives as well. Missing: none. */
  readonly filteredFrames?: number;
  /** What frames of its neighbours a segment needs, by its place among the unique ones. Missing: none. */
  contextOf?(firstUnique: number, uniqueFrames: number): FrameContext;
}

/** A place where a segment may begin: a unique frame that begins a batch. */
interface Cut {
  /** Place of the frame among the unique ones. */
  readonly unique: number;
  readonly frame: number;
  /** The key frame to decode from; 0 for the beginning of the file. */
  readonly key: number;
}

/** Frames decoded in vain for a cut, as a share of the segment before it: up to this they are never too many … */
const cheapShare = 1 / 4;
/** … and up to this only while all such cuts together stay within `dearBudget` of the video. */
const dearShare = 2;
const dearBudget = 3 / 4;
/** A cut this many frames late is as bad as one frame decoded in vain. */
const lateFrames = 8;

/**
 * Cuts a video into segments of whole batches, each a little after a key frame where there is one. Decoding each from
 * its key frame costs at most twice the frames of the video, wherever the key frames are: where they are missing,
 * segments grow geometrically. Linear in the number of frames.
 */
export function planSegments(input: SegmentsInput): Segment[] {
  const frames = input.timeline.times.length;
  if (frames === 0) return [];
  const cuts = new Cuts(input);
  const chosen: Cut[] = [];
  let dear = 0;
  for (let next: Cut | null = { unique: 0, frame: 0, key: 0 }; next !== null; ) {
    const last: Cut = next;
    chosen.push(last);
    next = cuts.next(last, dearBudget * frames - dear);
    if (next !== null && !isCheap(next, last)) dear += next.frame - next.key;
  }
  return chosen.map((cut, index) => segmentOf(input, index, cut, { next: chosen[index + 1], cuts }));
}

function isCheap(cut: Cut, last: Cut): boolean {
  return cut.frame - cut.key <= cheapShare * (cut.frame - last.frame);
}

/** Finds one cut after the other. */
class Cuts {
  readonly #input: SegmentsInput;
  readonly #keys: Int32Array;

  constructor(input: SegmentsInput) {
    this.#input = input;
    this.#keys = keysOf(input);
  }

  /** The best cut about `targetFrames` after the last one, or the first that may be after that; null for none. */
  next(last: Cut, maxDear: number): Cut | null {
    const { timeline, targetFrames } = this.#input;
    const earliest = last.frame + targetFrames;
    const latest = timeline.times.length - targetFrames / 2;
    let best: Cut | null = null;
    let bestCost = Number.POSITIVE_INFINITY;
    for (const cut of this.#from(last)) {
      if (cut.frame < earliest) continue;
      if (cut.frame > latest || (best !== null && cut.frame >= earliest + targetFrames)) break;
      const wasted = cut.frame - cut.key;
      const isTooDear = wasted > maxDear || wasted > dearShare * (cut.frame - last.frame);
      if (isTooDear && !isCheap(cut, last)) continue;
      const cost = wasted + (cut.frame - earliest) / lateFrames;
      if (cost >= bestCost) continue;
      best = cut;
      bestCost = cost;
    }
    return best;
  }

  /** Time of the key frame to decode this frame from; null: from the file's beginning. */
  seekTimeOf(frame: number): number | null {
    const key = this.#keys[frame] ?? 0;
    return key === 0 ? null : (this.#input.timeline.times[key] ?? null);
  }

  /** All places after `last` where a segment may begin, in order. */
  *#from(last: Cut): Generator<Cut> {
    const { timeline, batchSize } = this.#input;
    for (let unique = last.unique + batchSize; unique < timeline.uniqueFrames.length; unique += batchSize) {
      const frame = timeline.uniqueFrames[unique] ?? 0;
      yield { unique, frame, key: this.#keys[frame] ?? 0 };
    }
  }
}

/** For each frame the key frame to decode it from. */
function keysOf({ timeline: { times }, keyFrames }: SegmentsInput): Int32Array {
  const keys = new Int32Array(times.length);
  let index = 0;
  let key = 0;
  for (let frame = 0; frame < times.length; frame++) {
    for (let next = keyFrames[index]; next !== undefined && next <= frame; next = keyFrames[++index])
      key = next;
    keys[frame] = key;
  }
  return keys;
}

function segmentOf(
  input: SegmentsInput,
  segmentId: number,
  cut: Cut,
  { next, cuts }: { readonly next: Cut | undefined; readonly cuts: Cuts },
): Segment {
  const { times, uniqueFrames } = input.timeline;
  const count = (next?.unique ?? uniqueFrames.length) - cut.unique;
  const context = input.contextOf?.(cut.unique, count) ?? { before: 0, after: 0 };
  const firstDecoded = uniqueFrames[cut.unique - context.before] ?? cut.frame;
  return {
    segmentId,
    firstFrame: cut.frame,
    frames: (next?.frame ?? times.length) - cut.frame,
    firstUnique: cut.unique,
    uniqueFrames: count,
    firstBatch: Math.floor(cut.unique / input.batchSize),
    seekTime: cuts.seekTimeOf(Math.max(0, firstDecoded - (input.filteredFrames ?? 0))),
    context,
  };
}
