import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { browserSkipReason } from '../support/browser.ts';
import { openReport, openSuite, type ReportSuite, shownNames } from './open-report.ts';
import { makeFrames } from './report-page.ts';
import { sampleItem, sampleItems } from './sample-run.ts';

const skipReason = browserSkipReason();
const items = sampleItems(40);

describe.skipIf(skipReason)(`reading a report${skipReason ? ` (${skipReason})` : ''}`, () => {
  let suite: ReportSuite;
  let frames: Uint8Array[];
  beforeAll(async () => {
    suite = await openSuite();
    frames = await makeFrames(suite.folder);
  });
  afterAll(() => suite[Symbol.asyncDispose]());

  it('shows failures first, with code, message and next step, without a click', async () => {
    const { page, complaints } = await openReport(suite, { items, frames });
    const first = page.locator('.spec').first();
    expect(await first.locator('.failure code').textContent()).toBe('video-unreadable');
    expect(await first.locator('.failure').textContent()).toContain('has no frame that can be read');
    expect(await first.locator('.next-step').textContent()).toBe(
      'Next: Re-export the video, then resume the run.',
    );
    expect((await page.locator('.spec').nth(3).getAttribute('class'))?.includes('failed')).toBe(false);
    expect(complaints).toEqual([]);
  });

  it('draws an edge around frames, so that a white one is seen on white', async () => {
    const { page } = await openReport(suite, { items, frames });
    await page.locator('.spec .toggle').nth(1).click();
    for (const frame of [page.locator('img.thumb').first(), page.locator('.frames img').first()]) {
      const edge = await frame.evaluate((image) => {
        const { outlineStyle, outlineWidth } = getComputedStyle(image);
        return `${outlineWidth} ${outlineStyle}`;
      });
      expect(edge).toBe('1px solid');
    }
  });

  it('searches names, paths, prompts and codes while typing, and announces the count', async () => {
    const { page } = await openReport(suite, { items, frames });
    const count = page.getByRole('status');
    expect(await count.textContent()).toBe('40 specs');
    await page.fill('#search', 'LOW DRONE');
    expect(await count.textContent()).toBe('5 of 40 match');
    expect(new Set((await shownNames(page)).map((name) => name.replace(/ \d+$/, '')))).toEqual(
      new Set(['coast road']),
    );
    await page.fill('#search', 'prompt-too-long');
    expect(await shownNames(page)).toEqual(['forest trail 2']);
    await page.fill('#search', 'asia/street 0003');
    expect(await shownNames(page)).toEqual(['城市街道 3']);
    await page.fill('#search', 'no such thing');
    expect(await page.getByText('No spec matches.').isVisible()).toBe(true);
    await page.getByRole('button', { name: 'Show all specs' }).click();
    expect(await count.textContent()).toBe('40 specs');
  });

  it('filters by one status or several, with the counts of the run on the filters', async () => {
    const { page } = await openReport(suite, { items, frames });
    const filters = page.getByRole('group', { name: 'Show only' }).getByRole('button');
    expect((await filters.allInnerTexts()).map((text) => text.replace(/\s+/g, ' '))).toEqual(
      ['✕ Failed 3', '✓ Upsampled 26', '↻ Reused 6', '– Skipped 3', '… Pending 2'].map((text) =>
        text.slice(2),
      ),
    );
    await page.getByRole('button', { name: 'Pending 2' }).click();
    expect(await page.locator('.spec').count()).toBe(2);
    await page.getByRole('button', { name: 'Failed 3' }).click();
    expect(await page.getByRole('status').textContent()).toBe('5 of 40 match');
    await page.getByRole('button', { name: 'Pending 2' }).click();
    await page.getByRole('button', { name: 'Failed 3' }).click();
    expect(await page.getByRole('status').textContent()).toBe('40 specs');
  });

  it('sorts by duration', async () => {
    const { page } = await openReport(suite, { items, frames });
    await page.getByLabel('Sort').selectOption('duration');
    const slowest = items.reduce((a, b) => ((b.duration_ms ?? 0) > (a.duration_ms ?? 0) ? b : a));
    expect((await shownNames(page))[0]).toBe(slowest.name);
  });

  it('opens a spec on its frames, prompts and figures', async () => {
    const { page } = await openReport(suite, { items, frames });
    await page.fill('#search', 'coast road 13');
    await page.getByRole('button', { name: 'coast road 13' }).click();
    const open = page.locator('.spec.open');
    const images = open.getByRole('img', { name: /that the model saw for coast road 13/ });
    await images.first().scrollIntoViewIfNeeded();
    await expect
      .poll(() =>
        images.evaluateAll((all) => all.map((image) => 'naturalWidth' in image && image.naturalWidth)),
      )
      .toEqual([320, 320]);
    const sources = await images.evaluateAll((all) => all.map((image) => image.getAttribute('src')));
    expect(sources).toEqual(
      [26, 27].map((number) => `data:image/jpeg;base64,${base64(frames[number % frames.length])}`),
    );
    const facts = await open.locator('.numbers').textContent();
    for (const text of [
      '2,038 (linear)',
      'Counted by the engine',
      '1920 × 1080, 253 frames',
      '320 × 180',
      'Attempts',
    ]) {
      expect(facts).toContain(text);
    }
    await page.getByRole('button', { name: 'coast road 13' }).click();
    expect(await page.locator('.spec.open').count()).toBe(0);
  });

  it('marks added words, strikes removed ones and leaves kept ones plain', async () => {
    const spec = {
      ...sampleItem(1),
      prompt_before: 'A red cube falls.',
      prompt_after: 'A blue cube falls. Soft light.',
    };
    const { page } = await openReport(suite, { items: [spec], frames });
    const after = page.locator('.prompt.after p');
    expect(await after.locator('ins').allInnerTexts()).toEqual(['blue', 'Soft light.']);
    expect(await after.locator('del').allInnerTexts()).toEqual(['red']);
    expect(await after.textContent()).toBe('A red blue cube falls. Soft light.');
    expect(await page.locator('.prompt.before p').textContent()).toBe('A red cube falls.');
    const line = (tag: string) =>
      after
        .locator(tag)
        .first()
        .evaluate((mark) => getComputedStyle(mark).textDecorationLine);
    expect([await line('ins'), await line('del')]).toEqual(['underline', 'line-through']);
  });

  it('lets a text in Arabic run from right to left', async () => {
    const { page } = await openReport(suite, { items: [sampleItem(4)], frames });
    const direction = (selector: string) =>
      page.locator(selector).evaluate((text) => getComputedStyle(text).direction);
    expect(await direction('.prompt.after p')).toBe('rtl');
    expect(await direction('.prompt.after')).toBe('ltr');
  });

  it('opens a small run as a whole, and all of a large one on request', async () => {
    const small = await openReport(suite, { items: items.slice(3, 8), frames });
    expect(await small.page.locator('.spec.open').count()).toBe(5);
    const { page } = await openReport(suite, { items, frames });
    expect(await page.locator('.spec.open').count()).toBe(0);
    await page.getByRole('button', { name: 'Expand all' }).click();
    expect(await page.locator('.spec:not(.open)').count()).toBe(0);
    await page.getByRole('button', { name: 'Collapse all' }).click();
    expect(await page.locator('.spec.open').count()).toBe(0);
  });

  it('changes the theme and remembers it', async () => {
    const { page } = await openReport(suite, { items, frames });
    const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const light = await background();
    await page.emulateMedia({ colorScheme: 'dark' });
    const dark = await background();
    expect(dark).not.toBe(light);
    await page.getByRole('button', { name: 'Theme: auto' }).click();
    expect(await background()).toBe(light);
    await page.reload();
    expect(await background()).toBe(light);
    await page.getByRole('button', { name: 'Theme: light' }).click();
    await page.emulateMedia({ colorScheme: 'light' });
    expect(await background()).toBe(dark);
    await page.getByRole('button', { name: 'Theme: dark' }).click();
    expect(await background()).toBe(light);
  });

  it('copies the command that goes on', async () => {
    await suite.browser.context.grantPermissions(['clipboard-read', 'clipboard-write']);
    const { page } = await openReport(suite, { items, frames });
    await page.getByRole('button', { name: 'Copy', exact: true }).click();
    await page.getByRole('button', { name: 'Copied' }).waitFor();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(
      'cosmos resume 20260301-101500-7f3a9c',
    );
  });
});

function base64(bytes: Uint8Array | undefined): string {
  return Buffer.from(bytes ?? []).toString('base64');
}
