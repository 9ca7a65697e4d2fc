/// <reference lib="dom" />
import type { ReportItem } from '../../../../core/upsample/upsample-report.ts';

/** Specs are read for this long at a time, then the browser may do something else. */
const sliceMs = 12;
const pauseMs = 40;
const maxCachedChunks = 6;

/** The specs and frames that lie in the page's data blocks. */
export class SpecDataStore {
  /** In the order of the page; grows while {@link SpecDataStore.load} runs. */
  readonly specs: ReportItem[] = [];
  readonly #specBlocks = document.getElementsByClassName('spec-data');
  readonly #frameBlocks = document.getElementsByClassName('frame-data');
  readonly #frameChunks = new Map<number, string[][]>();
  #chunkSize = 1;

  /**
   * Reads the specs in short slices, also while the browser still reads the page, so that it stays responsive.
   * `onSlice` is called after each; the promise resolves when the page has ended.
   */
  async load(onSlice: () => void): Promise<void> {
    let read = 0;
    while (document.readyState === 'loading' || read < this.#specBlocks.length) {
      const until = performance.now() + sliceMs;
      const readBefore = read;
      while (this.#isWhole(read) && performance.now() < until) {
        this.#add(JSON.parse(this.#specBlocks[read]?.textContent ?? '[]'));
        read += 1;
      }
      if (read > readBefore) onSlice();
      await new Promise((resolve) => setTimeout(resolve, read > readBefore ? 0 : pauseMs));
    }
  }

  /** The frames of the spec at `index` as data URLs; decoded only when asked for. */
  frames(index: number): string[] {
    const chunk = this.#framesOfChunk(Math.floor(index / this.#chunkSize));
    return (chunk[index % this.#chunkSize] ?? []).map((base64) => `data:image/jpeg;base64,${base64}`);
  }

  /** A block has ended once the next one has begun, or the page has. */
  #isWhole(number: number): boolean {
    if (number >= this.#specBlocks.length) return false;
    return document.readyState !== 'loading' || number + 1 < this.#specBlocks.length;
  }

  #add(chunk: readonly ReportItem[]): void {
    if (this.specs.length === 0) this.#chunkSize = Math.max(1, chunk.length);
    this.specs.push(...chunk);
  }

  #framesOfChunk(number: number): string[][] {
    const known = this.#frameChunks.get(number);
    if (known) return known;
    const chunk: string[][] = JSON.parse(this.#frameBlocks[number]?.textContent ?? '[]');
    this.#frameChunks.set(number, chunk);
    const [oldest] = this.#frameChunks.keys();
    if (this.#frameChunks.size > maxCachedChunks && oldest !== undefined) this.#frameChunks.delete(oldest);
    return chunk;
  }
}
