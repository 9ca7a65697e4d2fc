/// <reference lib="dom" />
import type { ItemMedia } from '../../specs/spec-data.ts';
import type { ListedItem } from '../../specs/statuses.ts';

/** Specs are read for this long at a time, then the browser may do something else. */
const sliceMs = 12;
const pauseMs = 40;
const maxCachedChunks = 6;

/** Pictures of a spec, as URLs. */
export type SpecMedia = ItemMedia<string>;

/** Pictures in base64, or the place of an earlier spec that has the same. */
type StoredMedia = SpecMedia | number;

/** The specs and pictures that lie in the page's data blocks. */
export class SpecDataStore {
  /** In the order of the page; grows while {@link SpecDataStore.load} runs. */
  readonly specs: ListedItem[] = [];
  readonly #specBlocks = document.getElementsByClassName('spec-data');
  readonly #mediaBlocks = document.getElementsByClassName('media-data');
  readonly #mediaChunks = new Map<number, StoredMedia[]>();
  /** Of clips that were shown, by spec and place. The page holds few enough that all may stay. */
  readonly #clipUrls = new Map<string, string>();
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

  /** The pictures of the spec at `index`; decoded only when asked for. */
  media(index: number): SpecMedia {
    const chunk = this.#mediaOfChunk(Math.floor(index / this.#chunkSize));
    const stored = chunk[index % this.#chunkSize] ?? { frames: [], videos: [] };
    if (typeof stored === 'number') return this.media(stored);
    const { frames, videos } = stored;
    return {
      frames: frames.map(pictureUrl),
      videos: videos.map(({ stills, clip }, place) => ({
        stills: stills.map(pictureUrl),
        clip: clip === null ? null : this.#clipUrl(`${index}/${place}`, clip),
      })),
    };
  }

  /** A block has ended once the next one has started, or the page has ended. */
  #isWhole(number: number): boolean {
    if (number >= this.#specBlocks.length) return false;
    return document.readyState !== 'loading' || number + 1 < this.#specBlocks.length;
  }

  #add(chunk: readonly ListedItem[]): void {
    if (this.specs.length === 0) this.#chunkSize = Math.max(1, chunk.length);
    this.specs.push(...chunk);
  }

  #mediaOfChunk(number: number): StoredMedia[] {
    const known = this.#mediaChunks.get(number);
    if (known) return known;
    const chunk: StoredMedia[] = JSON.parse(this.#mediaBlocks[number]?.textContent ?? '[]');
    this.#mediaChunks.set(number, chunk);
    const [oldest] = this.#mediaChunks.keys();
    if (this.#mediaChunks.size > maxCachedChunks && oldest !== undefined) this.#mediaChunks.delete(oldest);
    return chunk;
  }

  /** Not every browser plays `data:` URLs. */
  #clipUrl(key: string, base64: string): string {
    const known = this.#clipUrls.get(key);
    if (known !== undefined) return known;
    const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
    const url = URL.createObjectURL(new Blob([bytes], { type: 'video/mp4' }));
    this.#clipUrls.set(key, url);
    return url;
  }
}

function pictureUrl(base64: string): string {
  return `data:image/jpeg;base64,${base64}`;
}
