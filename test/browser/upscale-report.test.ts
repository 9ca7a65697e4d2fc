import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { ComparedFrame, VideoReport } from '../../src/core/video/video-report.ts';
import { renderVideoReport } from '../../src/output/report/video/render-video-report.ts';
import { browserSkipReason, openBrowser, type TestBrowser } from '../support/browser.ts';
import { failedSegment, sampleSegment, sampleUpscaleReport } from '../support/sample-upscale.ts';
import { contrasts } from './contrasts.ts';
import { openSuite, type ReportSuite } from './open-report.ts';

const skipReason = browserSkipReason();

describe.skipIf(skipReason)(`the report of an upscaled video${skipReason ? ` (${skipReason})` : ''}`, () => {
  let suite: ReportSuite;
  let pictures: ComparedFrame[];
  beforeAll(async () => {
    suite = await openSuite();
    const [before, after] = [
      await makePicture(suite.folder, 192, 108),
      await makePicture(suite.folder, 384, 216),
    ];
    pictures = [1, 700, 1439].map((frame) => ({ frame, seconds: frame / 24, before, after, closeUp: null }));
  });
  afterAll(() => suite[Symbol.asyncDispose]());

  it('compares frames by slider: both pictures lie exactly above each other, cut at the line', async () => {
    const { page, complaints } = await open({});
    const [before, after] = [await boxOf(page, '.before'), await boxOf(page, '.after')];
    expect(before).toEqual(after);
    expect((before?.width ?? 0) / (before?.height ?? 1)).toBeCloseTo(16 / 9, 2);
    expect(await slider(page).getAttribute('aria-valuetext')).toBe('50 % before, 50 % after');
    await slider(page).focus();
    await page.keyboard.press('Home');
    expect(await lineAt(page)).toBeCloseTo(0, 1);
    await page.keyboard.press('End');
    expect(await lineAt(page)).toBeCloseTo(1, 1);
    expect(await slider(page).getAttribute('aria-valuetext')).toBe('100 % before, 0 % after');
    expect(complaints).toEqual([]);
  });

  it('follows a pointer on the picture, and a finger', async () => {
    const { page, complaints } = await open({});
    const box = await boxOf(page, '.stage');
    await page.mouse.move(box.x + box.width / 2, box.y + 20);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width / 4, box.y + 60);
    await page.mouse.up();
    await page.mouse.move(box.x + box.width, box.y + 60);
    expect(await lineAt(page)).toBeCloseTo(0.25, 1);
    const devtools = await page.context().newCDPSession(page);
    const touch = (type: 'touchStart' | 'touchMove' | 'touchEnd', part: number) => {
      const touchPoints = type === 'touchEnd' ? [] : [{ x: box.x + part * box.width, y: box.y + 20 }];
      return devtools.send('Input.dispatchTouchEvent', { type, touchPoints });
    };
    await touch('touchStart', 0.4);
    await touch('touchMove', 0.6);
    await touch('touchMove', 0.75);
    await touch('touchEnd', 0);
    expect(await lineAt(page)).toBeCloseTo(0.75, 1);
    expect(complaints).toEqual([]);
  });

  it('shows one frame at a time, by choice', async () => {
    const { page } = await open({});
    expect(await page.locator('.pair:visible').count()).toBe(1);
    await page.getByRole('button', { name: 'Frame 700 at 0:29.2' }).click();
    expect(await page.locator('.pair:visible .pair-name').innerText()).toBe('Frame 700 at 0:29.2');
    expect(await page.locator('.choice[aria-pressed=true]').count()).toBe(1);
  });

  it('zooms around what is in the middle, and keeps the line where it is seen', async () => {
    const { page } = await open({});
    await page.getByRole('button', { name: '4×' }).click();
    const view = page.locator('.pair:visible .view');
    const middle = await view.evaluate((node) => (node.scrollLeft + node.clientWidth / 2) / node.scrollWidth);
    expect(middle).toBeCloseTo(0.5, 2);
    expect(await lineAt(page)).toBeCloseTo(0.5, 1);
    await view.evaluate((node) => node.scrollTo(0, 0));
    await expect.poll(() => lineAt(page)).toBeCloseTo(0.5, 1);
    await page.getByRole('button', { name: 'Frame 700' }).click();
    expect(await page.locator('.pair:visible .view').evaluate((node) => node.scrollLeft)).toBe(0);
  });

  it('runs no code but its own, and loads nothing', async () => {
    const attack = '</script></title><img src=x onerror="window.hacked=1"><svg/onload=window.hacked=1>';
    const { page, complaints } = await open({
      ...partial,
      run_id: attack,
      input: attack,
      notices: [attack],
      segments: [failedSegment(0, attack)],
    });
    expect(await page.evaluate(() => 'hacked' in window)).toBe(false);
    expect(await page.locator('.failures').innerText()).toContain(attack);
    expect(complaints).toEqual([]);
  });

  it('without scripts shows the pictures side by side, and everything else', async () => {
    await using plain = await openBrowser({ javaScriptEnabled: false });
    const { page } = await open(partial, plain);
    const [before, after] = [await boxOf(page, '.before'), await boxOf(page, '.after')];
    expect(before.x + before.width).toBeLessThan(after.x);
    expect(await page.locator('.pair:visible').count()).toBe(3);
    expect(await page.locator('input:visible, button:visible:not([data-copy])').count()).toBe(0);
    expect(await page.locator('.failures').innerText()).toContain('Out of memory');
  });

  it.each([
    { rule: 'a narrow phone', width: 320 },
    { rule: 'a phone', width: 390 },
    { rule: 'a 1280 px window at 200 %', width: 640 },
    { rule: 'a wide window', width: 1920 },
  ])('nothing is cut off or scrolls sideways on $rule', async ({ width }) => {
    const { page } = await open({ ...partial, model: 'm'.repeat(200), input: '/long/path'.repeat(30) });
    await page.setViewportSize({ width, height: 800 });
    const sizes = await page.evaluate(() => [
      document.documentElement.scrollWidth,
      document.documentElement.clientWidth,
    ]);
    expect(sizes[0]).toBe(sizes[1]);
  });

  it.each(['light', 'dark'] as const)(
    'every text of the %s theme has a contrast of 4.5 to 1',
    async (scheme) => {
      const { page } = await open(partial);
      await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
      const { checked, poor } = await contrasts(page);
      expect(checked).toBeGreaterThan(100);
      expect(poor).toEqual([]);
    },
  );

  it('names every control and region, and no id twice', async () => {
    const { page } = await open(partial);
    for (const role of ['banner', 'main', 'contentinfo'] as const)
      expect(await page.getByRole(role).count()).toBe(1);
    const names = await page
      .locator('button, input, img:not([alt=""])')
      .evaluateAll((all) =>
        all.map((node) => node.getAttribute('aria-label') ?? node.getAttribute('alt') ?? node.textContent),
      );
    expect(names.every((name) => name?.trim())).toBe(true);
    const ids = await page.locator('[id]').evaluateAll((all) => all.map(({ id }) => id));
    expect(ids.length).toBe(new Set(ids).size);
    await page.getByRole('button', { name: 'Theme: auto' }).click();
    expect(await page.locator('html').getAttribute('data-theme')).toBe('light');
  });

  async function open(changes: Partial<VideoReport>, browser: TestBrowser = suite.browser) {
    const path = join(suite.folder, `upscale-${Math.random().toString(36).slice(2)}.html`);
    await writeFile(path, [...renderVideoReport(sampleUpscaleReport(changes), pictures)].join(''));
    const page = await browser.context.newPage();
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

const partial: Partial<VideoReport> = {
  status: 'partial',
  is_resumable: true,
  segments: [sampleSegment(0), failedSegment(1), sampleSegment(2)],
};

function slider(page: Page) {
  return page.locator('.pair:not([hidden]) input');
}

/** Where the line is, from 0 to 1, in what is seen of the picture. */
async function lineAt(page: Page): Promise<number> {
  const [line, view] = [await boxOf(page, '.divider'), await boxOf(page, '.view')];
  return (line.x + line.width / 2 - view.x) / view.width;
}

async function boxOf(page: Page, selector: string) {
  const box = await page.locator(`.pair:not([hidden]) ${selector}`).first().boundingBox();
  if (!box) throw new Error(`${selector} is not to be seen`);
  return box;
}

async function makePicture(folder: string, width: number, height: number): Promise<Uint8Array> {
  const path = join(folder, `picture-${width}.jpg`);
  const input = ['-f', 'lavfi', '-i', `testsrc2=s=${width}x${height}`, '-frames:v', '1'];
  await promisify(execFile)('ffmpeg', ['-v', 'error', '-y', ...input, path]);
  return await readFile(path);
}
