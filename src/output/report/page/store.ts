/// <reference lib="dom" />
import type { ReportItem } from '../../../core/upsample/upsample-report.ts';

/** The specs and frames that lie in the page's data blocks. */
export interface SpecStore {
  /** In the order of the page; grows while {@link SpecStore.load} runs. */
  readonly specs: readonly ReportItem[];
  /**
   * Reads the specs in short slices, also while the browser still reads the page, so that it stays responsive.
   * `onSlice` is called after each; the promise resolves when the page has ended.
   */
  load(onSlice: () => void): Promise<void>;
  /** The frames of the spec at `index` as data URLs; decoded only when asked for. */
  frames(index: number): string[];
}

/** Self-contained: its source is also embedded in the page. */
export function openStore(root: Document): SpecStore {
  const sliceMs = 12;
  const pauseMs = 40;
  const maxCachedChunks = 6;
  const specBlocks = root.getElementsByClassName('spec-data');
  const frameBlocks = root.getElementsByClassName('frame-data');
  const specs: ReportItem[] = [];
  const cache = new Map<number, string[][]>();
  let chunkSize = 1;
  return { specs, load, frames };

  async function load(onSlice: () => void): Promise<void> {
    let read = 0;
    while (root.readyState === 'loading' || read < specBlocks.length) {
      const until = performance.now() + sliceMs;
      const readBefore = read;
      while (isWhole(read) && performance.now() < until) {
        add(JSON.parse(specBlocks[read]?.textContent ?? '[]'));
        read += 1;
      }
      if (read > readBefore) onSlice();
      await new Promise((resolve) => setTimeout(resolve, read > readBefore ? 0 : pauseMs));
    }
  }

  /** A block has ended once the next one has begun, or the page has. */
  function isWhole(number: number): boolean {
    if (number >= specBlocks.length) return false;
    return root.readyState !== 'loading' || number + 1 < specBlocks.length;
  }

  function add(chunk: ReportItem[]): void {
    if (specs.length === 0) chunkSize = Math.max(1, chunk.length);
    for (const spec of chunk) specs.push(spec);
  }

  function frames(index: number): string[] {
    const chunk = framesOfChunk(Math.floor(index / chunkSize));
    return (chunk[index % chunkSize] ?? []).map((base64) => `data:image/jpeg;base64,${base64}`);
  }

  function framesOfChunk(number: number): string[][] {
    const known = cache.get(number);
    if (known) return known;
    const chunk: string[][] = JSON.parse(frameBlocks[number]?.textContent ?? '[]');
    cache.set(number, chunk);
    for (const oldest of cache.keys()) {
      if (cache.size <= maxCachedChunks) break;
      cache.delete(oldest);
    }
    return chunk;
  }
}
