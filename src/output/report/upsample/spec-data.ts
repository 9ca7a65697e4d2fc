import type { ReportItem } from '../../../core/upsample/upsample-report.ts';
import { base64, type Html, html, scriptJson } from '../html.ts';

/** How much of a run one page may carry, so that a browser still opens it quickly. */
export interface PageLimits {
  /** Specs that are listed; failures are listed beyond it too. */
  readonly maxItems: number;
  /** Listed specs that come with their frames. */
  readonly maxItemsWithFrames: number;
  /** All frames together, in bytes before base64. */
  readonly maxFramesBytes: number;
}

/** What the limits kept out of the page. */
export interface Omissions {
  readonly items: number;
  readonly frames: number;
}

/** Specs per data block; also the number of specs whose frames are in memory at once. */
export const chunkSize = 20;

/** The frames a model saw for one spec, as JPEG files in the order they were sent. */
export type ReadFrames = (item: ReportItem) => Promise<readonly Uint8Array[]>;

/**
 * The specs as inert data blocks of {@link chunkSize}, in pairs: `script.spec-data` holds a JSON array, `script.frame-data`
 * a JSON array with the base64 JPEGs of each of the same specs. Failures follow once more as plain markup for
 * readers without JavaScript. Memory is bounded by one block. Frames that cannot be read are left out.
 *
 * @returns what the limits kept out.
 */
export async function* specChunks(
  items: AsyncIterable<ReportItem>,
  readFrames: ReadFrames,
  limits: PageLimits,
): AsyncGenerator<string, Omissions> {
  const budget = {
    items: limits.maxItems,
    withFrames: limits.maxItemsWithFrames,
    bytes: limits.maxFramesBytes,
  };
  const omitted = { items: 0, frames: 0 };
  let chunk: ReportItem[] = [];
  for await (const item of items) {
    if (budget.items <= 0 && item.status !== 'failed') {
      omitted.items += 1;
      continue;
    }
    budget.items -= 1;
    chunk.push(item);
    if (chunk.length < chunkSize) continue;
    yield await renderChunk(chunk);
    chunk = [];
  }
  if (chunk.length > 0) yield await renderChunk(chunk);
  return omitted;

  async function renderChunk(specs: readonly ReportItem[]): Promise<string> {
    const frames = (await Promise.all(specs.map(framesOf))).map(withinBudget);
    return html`<script type="application/json" class="spec-data">${scriptJson(specs)}</script>
<script type="application/json" class="frame-data">${scriptJson(frames)}</script>
${failureList(specs)}`.markup;
  }

  /** Null when the budget was spent before this block, so that a long run does not read what it will not show. */
  async function framesOf(item: ReportItem): Promise<readonly Uint8Array[] | null> {
    if (item.video === null && item.hint === null) return [];
    return isSpent() ? null : readFrames(item).catch(() => []);
  }

  function withinBudget(frames: readonly Uint8Array[] | null): string[] {
    if (frames?.length === 0) return [];
    if (frames === null || isSpent()) {
      omitted.frames += 1;
      return [];
    }
    budget.withFrames -= 1;
    budget.bytes -= frames.reduce((sum, frame) => sum + frame.byteLength, 0);
    return frames.map(base64);
  }

  function isSpent(): boolean {
    return budget.withFrames <= 0 || budget.bytes <= 0;
  }
}

function failureList(specs: readonly ReportItem[]): Html {
  const failures = specs.flatMap(({ spec, failure }) => (failure === null ? [] : [{ spec, failure }]));
  if (failures.length === 0) return html``;
  const rows = failures.map(
    ({ spec, failure }) => html`<li><bdi>${spec}</bdi>: <code>${failure.code}</code>
<span dir="auto">${failure.message}</span> <span dir="auto">${failure.next_step}</span></li>`,
  );
  return html`<noscript><ul class="plain-failures">${rows}</ul></noscript>`;
}
