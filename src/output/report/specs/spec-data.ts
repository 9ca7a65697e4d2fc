import { base64, type Html, html, scriptJson } from '../html.ts';
import { failuresOf, isFailed, type ListedItem, type StatusCount, videosOfItem } from './statuses.ts';

/** How much of a run one page may carry, so that a browser still opens it quickly. */
export interface PageLimits {
  /** Specs that are listed; failures are listed beyond it too, up to `maxFailures`. */
  readonly maxItems: number;
  readonly maxFailures: number;
  /** Listed specs that come with their frames; those that have them in common count as one. */
  readonly maxItemsWithFrames: number;
  /** All frames together, in bytes before base64. */
  readonly maxFramesBytes: number;
  /** All clips of videos together, in bytes before base64. */
  readonly maxClipsBytes: number;
}

/** What the limits kept out of the page. */
export interface Omissions {
  /** Specs that are not listed: those that did not fail, and those that did. */
  readonly items: number;
  readonly failures: number;
  readonly frames: number;
  /** Videos that were made and do not play in the page, for whatever reason. */
  readonly clips: number;
}

/** The pictures of one spec: JPEG files, and clips in MP4. */
export interface ItemMedia<Bytes = Uint8Array> {
  /** The frames of its input that a model saw, in the order they were sent. */
  readonly frames: readonly Bytes[];
  /** Of its videos, in the order of the item; none, or nothing of one, where there are no pictures any more. */
  readonly videos: readonly VideoMedia<Bytes>[];
}

/** What a page shows of one video. */
interface VideoMedia<Bytes> {
  readonly stills: readonly Bytes[];
  readonly clip: Bytes | null;
}

/** Specs per data block; also the number of specs whose pictures are in memory at once. */
export const chunkSize = 20;

export type ReadMedia<Item extends ListedItem> = (item: Item) => Promise<ItemMedia>;

const noMedia: ItemMedia<never> = { frames: [], videos: [] };

/**
 * The specs as inert data blocks of {@link chunkSize}, in pairs: `script.spec-data` holds a JSON array, `script.media-data`
 * a JSON array with the pictures of each of the same specs, in base64, or the place in the page of an earlier one that has the
 * same. Failures follow once more as plain markup for
 * readers without JavaScript. Memory is bounded by one block. Pictures that cannot be read are left out.
 *
 * @param items - Failures first. Those that are not listed are not asked for: of a million, that would take minutes.
 * @param counts - How many specs there are of each status.
 * @returns what the limits kept out.
 */
export async function* specChunks<Item extends ListedItem>(
  items: AsyncIterable<Item>,
  readMedia: ReadMedia<Item>,
  counts: readonly StatusCount[],
  limits: PageLimits,
): AsyncGenerator<string, Omissions> {
  const budget = {
    items: limits.maxItems,
    withFrames: limits.maxItemsWithFrames,
    bytes: limits.maxFramesBytes,
    clipsBytes: limits.maxClipsBytes,
  };
  const listed = { failed: 0, others: 0 };
  const omitted = { frames: 0, clips: 0 };
  /** By the hash of a hint, the place of the first spec with its frames. */
  const placeOf = new Map<string, number>();
  let nextPlace = 0;
  let chunk: Item[] = [];
  for await (const item of items) {
    const isListed = isFailed(item) ? listed.failed < limits.maxFailures : budget.items > 0;
    if (!isListed) break;
    listed[isFailed(item) ? 'failed' : 'others'] += 1;
    budget.items -= 1;
    chunk.push(item);
    if (chunk.length < chunkSize) continue;
    yield await renderChunk(chunk);
    chunk = [];
  }
  if (chunk.length > 0) yield await renderChunk(chunk);
  return {
    ...omitted,
    items: Math.max(0, countOf(counts, false) - listed.others),
    failures: Math.max(0, countOf(counts, true) - listed.failed),
  };

  async function renderChunk(specs: readonly Item[]): Promise<string> {
    const read = await Promise.all(specs.map((item) => earlierPlace(item, nextPlace++) ?? mediaOf(item)));
    const media = specs.map((item, index) => {
      const found = read[index] ?? null;
      return typeof found === 'number' ? found : withinBudget(item, found);
    });
    return html`<script type="application/json" class="spec-data">${scriptJson(specs)}</script>
<script type="application/json" class="media-data">${scriptJson(media)}</script>
${failureList(specs)}`.markup;
  }

  /** Where the page has the pictures of a spec already; null where it has not, and then the first place is the spec's own. */
  function earlierPlace(item: Item, place: number): number | null {
    if (item.hint === null || videosOfItem(item).length > 0) return null;
    const earlier = placeOf.get(item.hint.sha256) ?? null;
    // A place without its pictures is none.
    if (earlier === null && !isSpent()) placeOf.set(item.hint.sha256, place);
    return earlier;
  }

  /** Null when the budget was spent before this block, so that a long run does not read what it will not show. */
  async function mediaOf(item: Item): Promise<ItemMedia | null> {
    const hasMade = videosOfItem(item).some(({ file }) => file !== null);
    if (item.video === null && item.hint === null && !hasMade) return noMedia;
    return isSpent() ? null : readMedia(item).catch(() => noMedia);
  }

  function withinBudget(item: Item, media: ItemMedia | null): ItemMedia<string> {
    const made = videosOfItem(item).filter(({ file }) => file !== null).length;
    const pictures = media === null ? [] : [...media.frames, ...media.videos.flatMap(({ stills }) => stills)];
    const isLeftOut = media === null || (pictures.length > 0 && isSpent());
    if (isLeftOut) omitted.frames += 1;
    if (isLeftOut && item.hint !== null) placeOf.delete(item.hint.sha256);
    if (isLeftOut || pictures.length === 0) {
      omitted.clips += made;
      return noMedia;
    }
    budget.withFrames -= 1;
    budget.bytes -= pictures.reduce((sum, picture) => sum + picture.byteLength, 0);
    const videos = media.videos.map(({ stills, clip }) => ({
      stills: stills.map(base64),
      clip: clipWithinBudget(clip),
    }));
    omitted.clips += made - videos.filter(({ clip }) => clip !== null).length;
    return { frames: media.frames.map(base64), videos };
  }

  function clipWithinBudget(clip: Uint8Array | null): string | null {
    if (clip === null || clip.byteLength > budget.clipsBytes) return null;
    budget.clipsBytes -= clip.byteLength;
    return base64(clip);
  }

  function isSpent(): boolean {
    return budget.withFrames <= 0 || budget.bytes <= 0;
  }
}

function countOf(counts: readonly StatusCount[], isOfFailures: boolean): number {
  return counts.reduce(
    (sum, [status, count]) => (isFailed({ status }) === isOfFailures ? sum + count : sum),
    0,
  );
}

function failureList(specs: readonly ListedItem[]): Html {
  const failures = specs.flatMap((item) => failuresOf(item).map((failure) => ({ spec: item.spec, failure })));
  if (failures.length === 0) return html``;
  const rows = failures.map(
    ({ spec, failure }) => html`<li><bdi>${spec}</bdi>: <code>${failure.code}</code>
<span dir="auto">${failure.message}</span> <span dir="auto">${failure.next_step}</span></li>`,
  );
  return html`<noscript><ul class="plain-failures">${rows}</ul></noscript>`;
}
