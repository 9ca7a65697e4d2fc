import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { ReportHeader, ReportItem } from '../../../../../src/core/upsample/upsample-report.ts';
import { reportPageLimits } from '../../../../../src/output/report/specs/render-specs-page.ts';
import { chunkSize, type ReadMedia } from '../../../../../src/output/report/specs/spec-data.ts';
import { renderUpsampleReport } from '../../../../../src/output/report/upsample/render-upsample-report.ts';
import { sampleHeader, sampleItem, sampleItems } from '../../../../browser/sample-run.ts';

const frame = new Uint8Array(Buffer.from('a frame'));
const noMedia = { frames: [], videos: [] };

describe('renderUpsampleReport', () => {
  it('is one document that names nothing outside itself', async () => {
    const page = await render({ items: sampleItems(40) });
    expect(page).toMatch(/^<!doctype html>\n<html lang="en">/);
    expect(page.trimEnd()).toMatch(/<\/html>$/);
    expect(page).not.toMatch(/\b(?:src|href)="(?!#)|@import|url\(|\bimport\(|\bfetch\(|https?:/);
  });

  it('allows exactly the scripts and the style it has, by hash', async () => {
    const page = await render({ items: sampleItems(3) });
    const policy = /Content-Security-Policy" content="([^"]+)"/.exec(page)?.[1] ?? '';
    const code = [...page.matchAll(/<(script|style)>([\s\S]*?)<\/\1>/g)].map(([, , text]) =>
      sha256(text ?? ''),
    );
    expect(code).toHaveLength(3);
    for (const hash of code) expect(policy).toContain(hash);
    expect(policy.match(/sha256-/g)).toHaveLength(3);
    expect(policy).toMatch(/^default-src 'none';/);
    expect(policy).not.toMatch(/unsafe|\*|https?:/);
  });

  it('carries every spec unchanged, with its frames', async () => {
    const items = sampleItems(chunkSize * 2 + 1);
    const page = await render({ items });
    expect(blocks(page, 'spec-data').flat()).toEqual(items);
    const frames = blocks(page, 'media-data').flat();
    expect(frames).toHaveLength(items.length);
    expect(frames.at(-3)).toEqual({ frames: [Buffer.from(frame).toString('base64')], videos: [] });
  });

  it('carries the frames of a hint once, however many specs were sent with it', async () => {
    const { hint } = sampleItem(1);
    const items = Array.from({ length: chunkSize + 2 }, (_, index) => ({ ...sampleItem(index + 1), hint }));
    let read = 0;
    const readMedia = async () => {
      read += 1;
      return { frames: [frame], videos: [] };
    };
    const media = blocks(await render({ items, readMedia, limits: { maxItemsWithFrames: 1 } }), 'media-data');
    const first = { frames: [Buffer.from(frame).toString('base64')], videos: [] };
    expect(media.flat()).toEqual([first, ...Array.from({ length: chunkSize + 1 }, () => 0)]);
    expect(read).toBe(1);
  });

  it('lists the failures as plain markup for readers without scripts', async () => {
    const page = await render({ items: sampleItems(40) });
    const plain = [...page.matchAll(/<noscript>([\s\S]*?)<\/noscript>/g)].map(([, text]) => text).join('');
    expect(plain.match(/<li>/g)).toHaveLength(3);
    expect(plain).toContain('Use --auto-resize.');
  });

  it('keeps all failures beyond the limit and says what it left out', async () => {
    const items = [sampleItem(4, true), sampleItem(5, true), sampleItem(1), sampleItem(2), sampleItem(3)];
    const page = await render({ items, limits: { maxItems: 1 } });
    expect(blocks(page, 'spec-data').flat()).toEqual(items.slice(0, 2));
    expect(page).toContain('3 specs that did not fail are not listed here.');
    expect(page).toContain('Search and filters find what is listed');
  });

  it('lists no more failures than a browser can hold, and asks for no more specs than it lists', async () => {
    const items = [1, 2, 3, 4, 5].map((index) => sampleItem(index, true));
    let asked = 0;
    async function* inTurn() {
      for (const item of items) {
        asked += 1;
        yield item;
      }
    }
    const limits = { ...reportPageLimits, maxItems: 1, maxFailures: 3 };
    const media = async () => ({ frames: [], videos: [] });
    let page = '';
    for await (const piece of renderUpsampleReport(sampleHeader(items), inTurn(), media, limits))
      page += piece;
    expect(blocks(page, 'spec-data').flat()).toEqual(items.slice(0, 3));
    expect(page).toContain('2 specs that failed are not listed here.');
    expect(asked).toBe(4);
  });

  it.each([
    { rule: 'a number of specs', limits: { maxItemsWithFrames: 3 }, withFrames: 3 },
    { rule: 'a number of bytes', limits: { maxFramesBytes: frame.byteLength * 2 }, withFrames: 2 },
  ])('carries frames up to $rule and says so', async ({ limits, withFrames }) => {
    const items = Array.from({ length: 5 }, (_, index) => sampleItem(index + 1));
    const page = await render({ items, limits });
    const frames = blocks(page, 'media-data').flat();
    expect(frames.filter((media) => JSON.stringify(media) !== JSON.stringify(noMedia))).toHaveLength(
      withFrames,
    );
    expect(page).toContain(`${5 - withFrames} specs of those listed come without frames.`);
  });

  it('says nothing of limits that were not reached', async () => {
    expect(await render({ items: sampleItems(5) })).not.toContain('Not everything is in this page');
  });

  it('does without frames that cannot be read', async () => {
    const page = await render({
      items: [sampleItem(1)],
      readMedia: () => Promise.reject(new Error('gone')),
    });
    expect(blocks(page, 'media-data')).toEqual([[noMedia]]);
  });

  it('reads no further ahead than one block', async () => {
    let read = 0;
    let produced = 0;
    async function* items() {
      for (; produced < 200; produced += 1) yield sampleItem(produced + 1);
    }
    const readMedia = async () => {
      read += 1;
      return { frames: [frame], videos: [] };
    };
    let written = 0;
    for await (const piece of renderUpsampleReport(sampleHeader([]), items(), readMedia)) {
      written += piece.includes('class="spec-data"') ? chunkSize : 0;
      expect(read - written).toBeLessThanOrEqual(0);
      expect(produced - written).toBeLessThanOrEqual(chunkSize);
    }
    expect(written).toBe(200);
  });
});

describe('the head of the report', () => {
  it.each([
    { status: 'complete', commands: [] },
    { status: 'partial', commands: ['cosmos resume run-7'] },
    { status: 'unfinished', commands: ['cosmos resume run-7'] },
    { status: 'failed', commands: ['cosmos resume run-7'] },
    { status: 'detached', commands: ['cosmos attach run-7', 'cosmos resume run-7'] },
  ] as const)('a $status run is continued by $commands', async ({ status, commands }) => {
    const page = await render({ items: [], header: { status, run_id: 'run-7' } });
    expect([...page.matchAll(/data-copy="([^"]*)"/g)].map(([, command]) => command)).toEqual(commands);
  });

  it.each(['partial', 'failed'] as const)(
    'a %s run that resuming cannot help is told to be corrected and run again',
    async (status) => {
      const page = await render({ items: [], header: { status, is_resumable: false } });
      expect(page).toContain('Fix what failed and run the same command again');
      expect(page).not.toContain('cosmos resume');
      expect(page).not.toContain('data-copy="');
    },
  );

  it('cannot be made to offer a second command', async () => {
    const page = await render({ items: [], header: { run_id: "x'; rm -rf ~" } });
    expect(page).toContain(`cosmos resume '${"x'\\''; rm -rf ~"}'`.replaceAll("'", '&#39;'));
  });

  it('of a run in which every spec failed, says so, and leaves out the model that never answered', async () => {
    const ending = { code: 'tasks-failed', message: '', ended_at: null, work: '', next_step: null };
    const page = await render({ items: [], header: { status: 'failed', model: '', ending } });
    expect(page).toContain('Every spec failed.');
    expect(page).not.toContain('before it could finish');
    expect(page).not.toContain('<dt>Model</dt>');
  });

  it('counts what was reused beside what was upsampled, as the terminal does', async () => {
    const counts = { total: 13, upsampled: 1, reused: 12, skipped: 0, failed: 0 };
    const page = await render({ items: [], header: { status: 'complete', counts } });
    expect(page).toContain('<h1>1 prompt upsampled, 12 reused</h1>');
  });

  it('labels the embedded engine as what it is', async () => {
    const page = await render({ items: [], header: { engine: 'describe', model: 'describe' } });
    expect(page).toContain('describe <span class="quiet">(embedded, no model)</span>');
    expect(page).not.toContain('<dt>Model</dt>');
  });

  it.each([
    { rule: 'a notable drift is told with both numbers', is_notable: true, isTold: true },
    { rule: 'a small drift is not', is_notable: false, isTold: false },
  ])('$rule', async ({ is_notable, isTold }) => {
    const { token_drift } = sampleHeader([]);
    const page = await render({
      items: [],
      header: { token_drift: token_drift && { ...token_drift, is_notable } },
    });
    expect(/66,900[\s\S]*18,216[\s\S]*\+267 %/.test(page)).toBe(isTold);
  });

  it.each([
    { estimator: 'linear', drift_percent: 267.3, isWarning: false },
    { estimator: 'linear', drift_percent: -12.5, isWarning: true },
    { estimator: 'pixtral', drift_percent: 31.2, isWarning: true },
  ])('a drift of $drift_percent % of $estimator is a warning: $isWarning', async (drift) => {
    const { token_drift } = sampleHeader([]);
    const { isWarning, ...changes } = drift;
    const page = await render({
      items: [],
      header: { token_drift: token_drift && { ...token_drift, ...changes } },
    });
    expect(page.includes('The token estimate was off')).toBe(isWarning);
    expect(page.includes('high on purpose')).toBe(!isWarning);
    expect(page.includes('class="notice remark"')).toBe(!isWarning);
  });

  it('counts what is pending beside the counts of the header', async () => {
    const page = await render({ items: sampleItems(40) });
    expect(page).toMatch(/data-status="pending"[^>]*>\s*<span[^>]*><\/span><span>Pending<\/span><b>2<\/b>/);
  });
});

interface Rendering {
  readonly items: readonly ReportItem[];
  readonly header?: Partial<ReportHeader>;
  readonly readMedia?: ReadMedia<ReportItem>;
  readonly limits?: Partial<typeof reportPageLimits>;
}

async function render({
  items,
  header,
  readMedia = async () => ({ frames: [frame], videos: [] }),
  limits,
}: Rendering): Promise<string> {
  async function* inTurn() {
    yield* items;
  }
  const head = sampleHeader(items, header);
  const pieces = renderUpsampleReport(head, inTurn(), readMedia, { ...reportPageLimits, ...limits });
  let page = '';
  for await (const piece of pieces) page += piece;
  return page;
}

function blocks(page: string, name: string): unknown[][] {
  const pattern = new RegExp(`<script type="application/json" class="${name}">(.*?)</script>`, 'gs');
  return [...page.matchAll(pattern)].map(([, json]) => JSON.parse(json ?? ''));
}

function sha256(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}
