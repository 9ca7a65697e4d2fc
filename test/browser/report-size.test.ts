import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { browserSkipReason } from '../support/browser.ts';
import { openReport, openSuite, type ReportSuite } from './open-report.ts';
import { makeFrames } from './report-page.ts';
import { sampleItem, sampleItems } from './sample-run.ts';

const skipReason = browserSkipReason();

describe.skipIf(skipReason)(`a large report${skipReason ? ` (${skipReason})` : ''}`, () => {
  let suite: ReportSuite;
  let frames: Uint8Array[];
  beforeAll(async () => {
    suite = await openSuite();
    frames = await makeFrames(suite.folder);
  });
  afterAll(() => suite[Symbol.asyncDispose]());

  it('makes elements only near the viewport, wherever the reader scrolls', async () => {
    const few = await openReport(suite, { items: sampleItems(100), frames });
    const { page, complaints } = await openReport(suite, { items: sampleItems(1000), frames });
    const [rowsOfFew, rowsAtStart] = [await rows(few.page), await rows(page)];
    expect(rowsAtStart).toBeLessThanOrEqual(rowsOfFew);
    for (const share of [0.25, 0.5, 0.75, 1, 0.1]) {
      await page.evaluate((part) => scrollTo(0, part * document.documentElement.scrollHeight), share);
      await expect.poll(() => isFilled(page)).toBe(true);
      expect(await rows(page)).toBeLessThanOrEqual(60);
    }
    expect(await page.evaluate(() => document.querySelectorAll('*').length)).toBeLessThan(2_500);
    expect(complaints).toEqual([]);
  });

  it('shows the frames of a spec far down once it is reached', async () => {
    const { page } = await openReport(suite, { items: sampleItems(1000), frames });
    await page.fill('#search', 'harbour/dusk/0939');
    await page.getByRole('button', { name: 'harbour at dusk 939' }).click();
    const image = page.locator('.frames img').first();
    await expect.poll(() => image.evaluate((node) => 'naturalWidth' in node && node.naturalWidth)).toBe(320);
    const expected = Buffer.from(frames[(939 * 2) % frames.length] ?? []).toString('base64');
    expect(await image.getAttribute('src')).toBe(`data:image/jpeg;base64,${expected}`);
  });

  it('opened as a whole keeps its place and its bounds', async () => {
    const { page } = await openReport(suite, { items: sampleItems(1000), frames });
    await page.keyboard.press('e');
    for (let step = 0; step < 40; step += 1) await page.keyboard.press('j');
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('spec-39');
    expect(await page.locator('#spec-39').getAttribute('aria-expanded')).toBe('true');
    expect(await rows(page)).toBeLessThanOrEqual(60);
  });

  it('puts all specs on paper', async () => {
    const { page } = await openReport(suite, { items: sampleItems(300), frames });
    await page.evaluate(() => dispatchEvent(new Event('beforeprint')));
    expect(await rows(page)).toBe(300);
    await page.evaluate(() => dispatchEvent(new Event('afterprint')));
    await expect.poll(() => rows(page)).toBeLessThanOrEqual(60);
  });

  it('says at the top what did not fit', async () => {
    const items = Array.from({ length: 30 }, (_, index) => sampleItem(index + 1));
    const limits = {
      maxItems: 20,
      maxFailures: 20,
      maxItemsWithFrames: 5,
      maxFramesBytes: 1e9,
      maxClipsBytes: 1e9,
    };
    const { page } = await openReport(suite, { items, frames, limits });
    const notice = page.locator('header').getByText('10 specs that did not fail are not listed here.');
    expect(await notice.textContent()).toContain('15 specs of those listed come without frames.');
    expect(await page.getByRole('status').textContent()).toBe('20 specs');
  });
});

async function rows(page: Page): Promise<number> {
  return page.locator('.spec').count();
}

/** Whether a spec, not an empty place, is in the middle of the window. */
async function isFilled(page: Page): Promise<boolean> {
  return page.evaluate(() => {
    const points = [0.35, 0.5, 0.65].map((part) =>
      document.elementFromPoint(innerWidth / 2, innerHeight * part),
    );
    return points.some((element) => element?.closest('.spec'));
  });
}
