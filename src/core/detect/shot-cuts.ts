/** Brightness of a picture in a coarse grid, for {@link ShotCuts}. */
const gridStep = 8;

/** So much brightness has to change on average, of 255 … */
const leastChange = 18;
/** … and so many times as much as between the pictures before. */
const leastRatio = 3;

/** Finds the cuts between shots in pictures that come one after the other: where much more changes than just before. */
export class ShotCuts {
  readonly #width: number;
  #last: Uint8Array | null = null;
  #usual = 0;

  /** @param width - Of the pictures: 8-bit RGB, row by row. */
  constructor(width: number) {
    this.#width = width;
  }

  /** Whether this picture begins a shot; the first one does not. */
  isCut(picture: Uint8Array): boolean {
    const grid = this.#gridOf(picture);
    const last = this.#last;
    this.#last = grid;
    if (!last) return false;
    let sum = 0;
    for (const [at, value] of grid.entries()) sum += Math.abs(value - (last[at] ?? 0));
    const change = sum / Math.max(1, grid.length);
    const isCut = change >= leastChange && change >= leastRatio * this.#usual;
    // What a cut changes says nothing of what is usual.
    if (!isCut) this.#usual = this.#usual === 0 ? change : 0.8 * this.#usual + 0.2 * change;
    return isCut;
  }

  #gridOf(picture: Uint8Array): Uint8Array {
    const rowBytes = 3 * this.#width;
    const rows = Math.floor(picture.length / rowBytes / gridStep);
    const columns = Math.floor(this.#width / gridStep);
    const grid = new Uint8Array(rows * columns);
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        // Green is most of the brightness.
        grid[row * columns + column] = picture[row * gridStep * rowBytes + 3 * column * gridStep + 1] ?? 0;
      }
    }
    return grid;
  }
}
