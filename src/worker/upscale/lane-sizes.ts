import type { LaneSize } from './upscale-engine.ts';

/** Below this a tile is mostly padding. */
const leastTile = 32;

/** What bounds the sizes of an engine's lanes. */
interface LaneSizeBounds {
  /** Longer side of the frames, in pixels. */
  readonly longerSide: number;
  /** The smallest tile that the engine can work in; null when it knows no tiles. */
  readonly minTile: number | null;
}

/** How much the lanes take at once. It only ever gets smaller, for all lanes together: they share one memory. */
export class LaneSizes {
  readonly #bounds: LaneSizeBounds;
  #current: LaneSize;

  constructor(first: LaneSize, bounds: LaneSizeBounds) {
    this.#current = first;
    this.#bounds = bounds;
  }

  get current(): LaneSize {
    return this.#current;
  }

  /**
   * Memory ran out: halves the batch, and when that was a single frame the tile.
   *
   * @param failed - What the lane worked with; when that is larger than what holds now, another lane was first.
   * @param frames - How many frames it was given.
   * @returns whether it is worth another try.
   */
  shrink(failed: LaneSize, frames: number): boolean {
    if (failed.tile !== this.#current.tile || frames > this.#current.batchSize) return true;
    if (frames > 1) {
      this.#current = { ...this.#current, batchSize: Math.floor(frames / 2) };
      return true;
    }
    const tile = this.#smallerTile();
    if (tile === null) return false;
    this.#current = { batchSize: 1, tile };
    return true;
  }

  #smallerTile(): number | null {
    const { minTile, longerSide } = this.#bounds;
    if (minTile === null) return null;
    const least = Math.max(leastTile, minTile);
    const { tile } = this.#current;
    const present = tile === 0 ? longerSide : Math.min(tile, longerSide);
    return present <= least ? null : Math.max(least, Math.ceil(present / 2));
  }
}
