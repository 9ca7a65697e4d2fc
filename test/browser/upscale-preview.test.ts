import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { crc32, deflateSync } from 'node:zlib';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { PreviewVariant, UpscalePreview } from '../../src/core/upscale/upscale-preview.ts';
import { renderUpscalePreview } from '../../src/output/report/video/upscale-preview.ts';
import { browserSkipReason } from '../support/browser.ts';
import { contrasts } from './contrasts.ts';
import { attacks, openSuite, type ReportSuite } from './open-report.ts';

const skipReason = browserSkipReason();

describe.skipIf(skipReason)(`the preview of a video${skipReason ? ` (${skipReason})` : ''}`, () => {
  let suite: ReportSuite;
  beforeAll(async () => {
    suite = await openSuite();
  });
  afterAll(() => suite[Symbol.asyncDispose]());

  it('zooms all pictures alike, and moves those of one place together', async () => {
    const { page, complaints } = await open(samplePreview());
    const views = page.locator('.crop').first().locator('.tile-view');
    expect(await views.count()).toBe(3);
    const boxes = await Promise.all([0, 1, 2].map(async (at) => await views.nth(at).boundingBox()));
    const [widths, heights] = [boxes.map((box) => box?.width ?? 0), boxes.map((box) => box?.height ?? 0)];
    for (const sides of [widths, heights]) expect(Math.max(...sides) - Math.min(...sides)).toBeLessThan(1);
    await page.getByRole('button', { name: '4×' }).click();
    const box = await views.first().boundingBox();
    expect([box?.width, box?.height]).toEqual([boxes[0]?.width, boxes[0]?.height]);
    const start = await scrollsOf(page);
    expect(Math.min(...start.flat())).toBeGreaterThan(0);
    await views.nth(1).hover();
    await page.mouse.down();
    await page.mouse.move((boxes[1]?.x ?? 0) + 20, (boxes[1]?.y ?? 0) + 20);
    await page.mouse.up();
    await expect.poll(async () => new Set((await scrollsOf(page)).map(String)).size).toBe(1);
    expect((await scrollsOf(page))[0]).not.toEqual(start[0]);
    expect(complaints).toEqual([]);
  });

  it('says what each takes, how that was found out, and why a model has no picture', async () => {
    const { page } = await open(samplePreview());
    const text = await page.locator('main').innerText();
    expect(text).toContain('about 42 s');
    expect(text).toContain('x4, brought to size by Lanczos');
    expect(text).toContain('broken.onnx: it is no model');
    expect(text).toMatch(/estimates\. On this machine 3 to 48 frames were decoded/);
    expect(await page.locator('img.source').count()).toBe(2);
    expect(await page.locator('img.larger').count()).toBe(4);
    expect(await page.locator('.overview rect:not(.edge)').count()).toBe(2);
  });

  it.each(['light', 'dark'] as const)('is readable in %s, and fits a phone', async (theme) => {
    const { page } = await open(samplePreview());
    await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' });
    await page.reload();
    const { checked, poor } = await contrasts(page);
    expect(checked).toBeGreaterThan(25);
    expect(poor).toEqual([]);
    await page.setViewportSize({ width: 400, height: 800 });
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(400);
  });

  it('takes names and reasons for text, whatever they hold', async () => {
    const hostile = attacks.map((name, index) => ({
      ...variant(name),
      failure: index % 2 === 0 ? name : null,
    }));
    const { page, complaints } = await open({
      ...samplePreview(),
      ...{
        video: `/videos/${attacks.join('').replaceAll('/', '')}`,
        notices: attacks,
        encoding: attacks.join(),
      },
      variants: hostile,
    });
    expect(await page.evaluate('window.hacked')).toBeUndefined();
    expect(await page.locator('iframe, svg[onload], img[onerror]').count()).toBe(0);
    expect(complaints).toEqual([]);
  });

  async function open(preview: UpscalePreview) {
    const path = join(suite.folder, `preview-${Math.random().toString(36).slice(2)}.html`);
    await writeFile(path, [...renderUpscalePreview(preview)].join(''));
    const page = await suite.browser.context.newPage();
    onTestFinished(() => page.close().catch(() => undefined));
    const complaints: string[] = [];
    const url = pathToFileURL(path).href;
    page.on('console', (message) => complaints.push(`${message.type()}: ${message.text()}`));
    page.on('pageerror', (error) => complaints.push(`error: ${error.message}`));
    page.on('request', (request) => {
      if (request.url() !== url && !request.url().startsWith('data:image/')) complaints.push(request.url());
    });
    await page.goto(url);
    return { page, complaints };
  }
});

async function scrollsOf(page: Page): Promise<[number, number][]> {
  const views = page.locator('.crop').first().locator('.tile-view');
  return await views.evaluateAll((all) =>
    all.map((view): [number, number] => [Math.round(view.scrollLeft), Math.round(view.scrollTop)]),
  );
}

function variant(name: string): PreviewVariant {
  const pace = { frameMs: 30, frames: 48, by: 'pipeline' } as const;
  return { name, engine: 'onnx', model: '/m.onnx', modelScale: 4, pace, wholeMs: 42_000, failure: null };
}

function samplePreview(): UpscalePreview {
  const [width, height] = [64, 48];
  const box = (x: number) => ({ x, y: 20, width, height });
  const crop = (x: number) => ({
    ...{ box: box(x), shown: { x: x / 320, y: 20 / 180, width: width / 320, height: height / 180 } },
    ...{ source: png(width, height), larger: [png(2 * width, 2 * height), png(2 * width, 2 * height), null] },
  });
  return {
    ...{ video: '/videos/clip.mp4', frames: 1439, seconds: 60, pixelAspect: 1, isHdr: false, filters: '' },
    ...{ source: { width: 320, height: 180 }, target: { width: 640, height: 360 } },
    encoding: 'H.264, crf 18, preset medium',
    variants: [
      { ...variant('Lanczos'), engine: 'lanczos', model: null, modelScale: null },
      { ...variant('large'), pace: { frameMs: 1_500, frames: 3, by: 'sum' }, wholeMs: 2_160_000 },
      { ...variant('broken'), pace: null, wholeMs: null, failure: 'broken.onnx: it is no model' },
    ],
    moments: [{ frame: 12, seconds: 0.5, picture: Buffer.from('no picture'), crops: [crop(0), crop(160)] }],
    notices: [],
  };
}

/** A picture of stripes. */
function png(width: number, height: number): Uint8Array {
  const rows = Buffer.alloc((width + 1) * height, 0);
  for (let at = 0; at < rows.length; at++) if (at % (width + 1) !== 0) rows[at] = (at * 8) % 256;
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head[8] = 8;
  const chunks = [chunk('IHDR', head), chunk('IDAT', deflateSync(rows)), chunk('IEND', Buffer.alloc(0))];
  return Buffer.concat([Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]), ...chunks]);
}

function chunk(name: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(name, 'latin1'), data]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, sum]);
}
