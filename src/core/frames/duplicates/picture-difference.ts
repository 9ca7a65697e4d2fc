import type { Size } from '../../hints/display-size.ts';

/** How far two pictures of one size are apart. Squared differences are of 8-bit samples. */
export interface PictureDifference {
  /** Mean squared difference of the plane that differs most. 6.5 is a PSNR of 40 dB. */
  mse: number;
  /** Mean squared difference of the 8x8 block that differs most: small things that move show here. */
  blockMse: number;
  /** Share of luma blocks that differ at all, 0 to 1. */
  changed: number;
  /** How much luma blocks change in one direction, 0 to 1: near 1 in fades, near 0 in noise and motion. */
  coherence: number;
}

/** 8-bit samples of one colour, row by row, as they lie in a picture. */
interface Plane {
  readonly offset: number;
  readonly width: number;
  readonly height: number;
}

const blockSide = 8;
/** A block at the edge has fewer samples; one of them alone is not to count as a whole block. */
const minBlockSamples = 32;
/** Above this mean squared difference of a block it counts as changed: about six samples by one step. */
const changedBlockMse = 0.1;
/** Rows of blocks are visited in this many interleaved passes, so that a change is met early wherever it is. */
const passes = [0, 4, 2, 6, 1, 5, 3, 7];

/** Measures pictures against one that is kept. Allocates nothing per picture. */
export class PictureMeter {
  readonly #planes: readonly Plane[];
  readonly #kept: Uint8Array;
  readonly #keptInts: Int32Array;
  readonly #found: PictureDifference = { mse: 0, blockMse: 0, changed: 0, coherence: 0 };
  /** Of luma. */
  readonly #blocks: number;
  #changedBlocks = 0;
  #signed = 0;
  #unsigned = 0;

  /** @param size - Of the pictures: their luma alone, or yuv420p, by `sizeBytes`. */
  constructor(size: Size, sizeBytes: number) {
    this.#planes = planesOf(size, sizeBytes);
    this.#blocks = Math.ceil(size.width / blockSide) * Math.ceil(size.height / blockSide);
    this.#kept = new Uint8Array(Math.ceil(sizeBytes / 4) * 4);
    this.#keptInts = new Int32Array(this.#kept.buffer);
  }

  /** Copies the picture: later ones are measured against it. */
  keep(picture: Uint8Array): void {
    this.#kept.set(picture);
  }

  /**
   * The difference to the kept picture; the same object at each call. Stops early, with estimates, once `mse` or
   * `changed` are above what is enough for sure.
   */
  measure(
    picture: Uint8Array,
    enough: Pick<PictureDifference, 'mse' | 'changed'>,
  ): Readonly<PictureDifference> {
    this.#reset();
    const ints = intsOf(picture);
    for (const [index, plane] of this.#planes.entries()) {
      const mse = this.#measurePlane(picture, ints, plane, enough, index === 0);
      this.#found.mse = Math.max(this.#found.mse, mse);
      if (mse > enough.mse || this.#changedBlocks > enough.changed * this.#blocks) break;
    }
    this.#found.changed = this.#changedBlocks / this.#blocks;
    this.#found.coherence = Math.abs(this.#signed) / Math.max(1, this.#unsigned);
    return this.#found;
  }

  #reset(): void {
    this.#found.mse = 0;
    this.#found.blockMse = 0;
    this.#changedBlocks = 0;
    this.#signed = 0;
    this.#unsigned = 0;
  }

  #measurePlane(
    picture: Uint8Array,
    ints: Int32Array | null,
    plane: Plane,
    enough: Pick<PictureDifference, 'mse' | 'changed'>,
    isLuma: boolean,
  ): number {
    const rows = Math.ceil(plane.height / blockSide);
    const samples = plane.width * plane.height;
    const areIntsWhole = ints !== null && plane.width % 4 === 0 && plane.offset % 4 === 0;
    const enoughSquares = enough.mse * samples;
    const enoughBlocks = enough.changed * this.#blocks;
    let squares = 0;
    let visited = 0;
    for (const pass of passes) {
      for (let row = pass; row < rows; row += passes.length) {
        squares += this.#measureRow(picture, areIntsWhole ? ints : null, plane, row, isLuma);
        visited += Math.min(blockSide, plane.height - row * blockSide) * plane.width;
        if (squares > enoughSquares || this.#changedBlocks > enoughBlocks) return squares / visited;
      }
    }
    return squares / samples;
  }

  /** Sum of the squared differences of one row of blocks. */
  #measureRow(
    picture: Uint8Array,
    ints: Int32Array | null,
    { offset, width, height }: Plane,
    row: number,
    isLuma: boolean,
  ): number {
    const kept = this.#kept;
    const keptInts = this.#keptInts;
    const top = row * blockSide;
    const bottom = Math.min(height, top + blockSide);
    let rowSquares = 0;
    for (let left = 0; left < width; left += blockSide) {
      const right = Math.min(width, left + blockSide);
      let squares = 0;
      let signed = 0;
      for (let y = top; y < bottom; y++) {
        const start = offset + y * width + left;
        const end = start + right - left;
        if (ints !== null && right - left === blockSide) {
          const at32 = start >> 2;
          if (ints[at32] === keptInts[at32] && ints[at32 + 1] === keptInts[at32 + 1]) continue;
        }
        for (let at = start; at < end; at++) {
          const difference = (picture[at] as number) - (kept[at] as number);
          signed += difference;
          squares += difference * difference;
        }
      }
      if (squares > 0) this.#note(squares, signed, (right - left) * (bottom - top), isLuma);
      rowSquares += squares;
    }
    return rowSquares;
  }

  #note(squares: number, signed: number, samples: number, isLuma: boolean): void {
    const blockMse = squares / Math.max(samples, minBlockSamples);
    if (blockMse > this.#found.blockMse) this.#found.blockMse = blockMse;
    if (!isLuma) return;
    if (blockMse > changedBlockMse) this.#changedBlocks++;
    this.#signed += signed;
    this.#unsigned += Math.abs(signed);
  }
}

function planesOf({ width, height }: Size, sizeBytes: number): Plane[] {
  const luma = { offset: 0, width, height };
  const lumaBytes = width * height;
  if (sizeBytes === lumaBytes) return [luma];
  const chroma = { width: Math.ceil(width / 2), height: Math.ceil(height / 2) };
  const chromaBytes = chroma.width * chroma.height;
  if (sizeBytes === lumaBytes + 2 * chromaBytes) {
    return [luma, { offset: lumaBytes, ...chroma }, { offset: lumaBytes + chromaBytes, ...chroma }];
  }
  throw new RangeError(`a picture of ${width}x${height} has no ${sizeBytes} bytes`);
}

/** The picture as 32-bit numbers, for comparing four samples at once; null where it is not aligned for that. */
function intsOf(picture: Uint8Array): Int32Array | null {
  if (picture.byteOffset % 4 !== 0) return null;
  return new Int32Array(picture.buffer, picture.byteOffset, picture.byteLength >> 2);
}
