import type { PictureDifference } from './picture-difference.ts';

const remembered = 24;
/** A change counts as a jump when it is not far below the usual ones. */
const jumpShare = 1 / 5;
const rememberedPauses = 8;
/** Held pictures of animation: on twos, threes, fours. Longer ones have to prove themselves otherwise. */
const longestPause = 8;
/** Until a few pauses are known. */
const firstPause = 3;
const fewPauses = 4;

/**
 * What the changes of the last second were like. Animation that holds its pictures jumps and pauses in turns, with
 * nothing between: what happens in the pauses is the source's noise. Fades, slow motion and grain change all the time,
 * each frame about as much as the one before.
 */
export class Cadence {
  readonly #changes = new Float64Array(remembered);
  readonly #blocks = new Float64Array(remembered);
  readonly #sorted = new Float64Array(remembered);
  readonly #pauses: number[] = [];
  #taken = 0;
  /** Frames since the last jump. */
  sinceJump = 0;

  /** The mean squared difference of a usual jump; 0 before anything is known. */
  get jump(): number {
    return this.#usualJump(this.#changes);
  }

  /** The `blockMse` of a usual jump. */
  get jumpBlock(): number {
    return this.#usualJump(this.#blocks);
  }

  /** How many frames after a jump the pauses of late lasted. */
  get pause(): number {
    return Math.max(this.#pauses.length < fewPauses ? firstPause : 0, ...this.#pauses);
  }

  /** The usual `blockMse` of changes up to `mse`: what noise does in the pauses. */
  noiseBlock(mse: number): number {
    const count = Math.min(this.#taken, remembered);
    let below = 0;
    for (let index = 0; index < count; index++) {
      if ((this.#changes[index] ?? 0) <= mse) this.#sorted[below++] = this.#blocks[index] ?? 0;
    }
    return below === 0 ? 0 : (this.#sorted.subarray(0, below).sort()[below >> 1] ?? 0);
  }

  /**
   * Takes what a frame changed against the last one that was no duplicate. Duplicates of long pauses are not
   * remembered, so that the jumps before them still are.
   */
  take({ mse, blockMse }: Readonly<PictureDifference>, isDuplicate: boolean): void {
    const isJump = mse > this.jump * jumpShare && mse > 0;
    if (isJump) this.#endPause();
    else this.sinceJump++;
    if (isDuplicate && this.sinceJump > longestPause) return;
    this.#changes[this.#taken % remembered] = mse;
    this.#blocks[this.#taken % remembered] = blockMse;
    this.#taken++;
  }

  /** On fours, six of 24 frames jump; the fourth largest change is then a jump whatever the other three were. */
  #usualJump(changes: Float64Array): number {
    const count = Math.min(this.#taken, remembered);
    this.#sorted.set(changes);
    return this.#sorted.subarray(0, count).sort()[count - Math.ceil(count / 6)] ?? 0;
  }

  #endPause(): void {
    if (this.#taken > 0) this.#pauses.push(Math.min(this.sinceJump, longestPause));
    if (this.#pauses.length > rememberedPauses) this.#pauses.shift();
    this.sinceJump = 0;
  }
}
