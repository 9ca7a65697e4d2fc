import type { Size } from '../../hints/display-size.ts';
import { Cadence } from './cadence.ts';
import { type PictureDifference, PictureMeter } from './picture-difference.ts';

/** One frame of a video, in the order of showing. */
interface SeenFrame {
  /** Equal hashes are equal pictures. */
  readonly hash: string;
  /**
   * 8-bit samples at full size, row by row: yuv420p, or luma alone; the same for all frames of a video. Needed where
   * `needsPictures` says so; not kept after the call.
   *
   * With luma alone a change of colour that leaves brightness as it is goes unseen as soon as noise changes luma by
   * the least. Chroma costs half as much again in the pipe, and nothing where luma differs already.
   */
  readonly picture: Uint8Array | null;
}

interface DuplicateFinder {
  /** Whether the frame shows the same picture as the last one that was not a duplicate. The first never does. */
  isDuplicate(frame: SeenFrame): boolean;
}

/**
 * Which frames are taken for duplicates: none; those whose pictures are equal to the last bit; those that look
 * like the one before; or also those that differ a little.
 */
export const duplicateModes = ['off', 'exact', 'safe', 'aggressive'] as const;
export type DuplicateMode = (typeof duplicateModes)[number];

/** What may be asked for: `auto` is what is quickest for the engine. */
export const duplicateChoices = ['auto', ...duplicateModes] as const;

/**
 * What `auto` means. To resample a frame again costs less than to look at every frame, and the encoder sets the pace; a
 * model needs far longer for a frame than looking at it.
 */
export function duplicateModeFor(
  choice: (typeof duplicateChoices)[number],
  { hasModel }: { readonly hasModel: boolean },
): DuplicateMode {
  if (choice !== 'auto') return choice;
  return hasModel ? 'safe' : 'off';
}

/** Whether frames have to come with their pictures. */
export function needsPictures(mode: DuplicateMode): boolean {
  return mode === 'safe' || mode === 'aggressive';
}

export function createDuplicateFinder(mode: DuplicateMode, size: Size): DuplicateFinder {
  if (mode === 'off') return { isDuplicate: () => false };
  if (mode === 'exact') return new ExactFinder();
  return new TolerantFinder(size, limitsOf[mode]);
}

class ExactFinder implements DuplicateFinder {
  #hash: string | null = null;

  isDuplicate({ hash }: SeenFrame): boolean {
    const isSame = hash === this.#hash;
    this.#hash = hash;
    return isSame;
  }
}

/** Where a finder draws its lines. Squared differences are of 8-bit samples, between a frame and what would be shown. */
interface FinderLimits {
  /** Never above this: 6.5 would be a PSNR of 40 dB. */
  readonly maxMse: number;
  /** Up to both of these nothing can be seen, whatever came before. */
  readonly invisible: { readonly mse: number; readonly blockMse: number };
  /** Noise is at least this many times smaller than the jumps between pictures that are held. */
  readonly jumpToNoise: number;
  /** A jump changes some block at least so much; what changes less is slow motion that the encoder made uneven. */
  readonly minJumpBlock: number;
  /** Mean squared difference of one block that may be noise: so many times the usual, within bounds. */
  readonly noiseBlock: { readonly timesUsual: number; readonly atLeast: number; readonly atMost: number };
  /** A change of more blocks than this is a fade, a cut or a camera, … */
  readonly maxChanged: number;
  /** … and a change in one direction of more blocks than this is a fade. */
  readonly fade: { readonly changed: number; readonly coherence: number };
  /** Frames that may follow a pause of the usual length while nothing grows. */
  readonly maxStill: number;
}

const limitsOf: Readonly<Record<'safe' | 'aggressive', FinderLimits>> = {
  safe: {
    maxMse: 5,
    invisible: { mse: 0.01, blockMse: 1 },
    jumpToNoise: 25,
    minJumpBlock: 64,
    noiseBlock: { timesUsual: 8, atLeast: 250, atMost: 600 },
    maxChanged: 0.5,
    fade: { changed: 0.15, coherence: 0.85 },
    maxStill: 48,
  },
  aggressive: {
    maxMse: 10,
    invisible: { mse: 0.1, blockMse: 16 },
    jumpToNoise: 8,
    minJumpBlock: 32,
    noiseBlock: { timesUsual: 12, atLeast: 500, atMost: 1500 },
    maxChanged: 0.8,
    fade: { changed: 0.3, coherence: 0.9 },
    maxStill: 240,
  },
};

/** Growth of the difference during a pause that noise may show; motion and fades at least double it. */
const noiseGrowth = 1.25;

/** So many times `maxMse` is far enough above it for a reliable guess of how large a jump is. */
const enoughTimes = 4;

/**
 * Finds duplicates in lossy sources. A frame is one when the difference cannot be seen; or when the source jumps and
 * pauses in turns (see {@link Cadence}), the difference is far below the jumps, and it neither moves, fades nor grows.
 * One pass; keeps one picture.
 */
class TolerantFinder implements DuplicateFinder {
  readonly #size: Size;
  readonly #limits: FinderLimits;
  readonly #cadence = new Cadence();
  #meter: PictureMeter | null = null;
  #hash: string | null = null;
  /** The largest difference of this pause that was surely noise. */
  #pauseMse = 0;

  constructor(size: Size, limits: FinderLimits) {
    this.#size = size;
    this.#limits = limits;
  }

  isDuplicate({ hash, picture }: SeenFrame): boolean {
    if (picture === null) throw new TypeError('frames have to come with their pictures');
    if (this.#meter === null) {
      this.#meter = new PictureMeter(this.#size, picture.byteLength);
      return this.#keep(hash, picture);
    }
    if (hash === this.#hash) {
      this.#cadence.take(noDifference, true);
      return true;
    }
    const { maxMse, maxChanged } = this.#limits;
    const found = this.#meter.measure(picture, { mse: enoughTimes * maxMse, changed: maxChanged });
    const isDuplicate = this.#isInvisible(found) || this.#isNoise(found);
    this.#cadence.take(found, isDuplicate);
    if (this.#cadence.sinceJump === 0) this.#pauseMse = 0;
    return isDuplicate || this.#keep(hash, picture);
  }

  #keep(hash: string, picture: Uint8Array): false {
    this.#hash = hash;
    this.#meter?.keep(picture);
    return false;
  }

  #isInvisible({ mse, blockMse, changed }: PictureDifference): boolean {
    const { invisible, maxChanged } = this.#limits;
    return changed <= maxChanged && mse <= invisible.mse && blockMse <= invisible.blockMse;
  }

  #isNoise(found: PictureDifference): boolean {
    const { maxMse, jumpToNoise, minJumpBlock, noiseBlock, maxChanged, fade, maxStill } = this.#limits;
    const maxNoise = Math.min(maxMse, this.#cadence.jump / jumpToNoise);
    if (found.mse > maxNoise || found.changed > maxChanged) return false;
    if (this.#cadence.jumpBlock < minJumpBlock) return false;
    if (found.changed > fade.changed && found.coherence > fade.coherence) return false;
    const block = noiseBlock.timesUsual * this.#cadence.noiseBlock(maxNoise);
    if (found.blockMse > Math.min(noiseBlock.atMost, Math.max(noiseBlock.atLeast, block))) return false;
    const frame = this.#cadence.sinceJump + 1;
    if (frame > this.#cadence.pause + maxStill) return false;
    if (frame > this.#cadence.pause) return found.mse <= noiseGrowth * this.#pauseMse;
    this.#pauseMse = Math.max(this.#pauseMse, found.mse);
    return true;
  }
}

const noDifference: Readonly<PictureDifference> = { mse: 0, blockMse: 0, changed: 0, coherence: 0 };
