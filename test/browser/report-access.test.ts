import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { browserSkipReason } from '../support/browser.ts';
import { contrasts } from './contrasts.ts';
import { openReport, openSuite, type ReportSuite } from './open-report.ts';
import { sampleItems } from './sample-run.ts';

const skipReason = browserSkipReason();
const items = sampleItems(40);

describe.skipIf(skipReason)(`access to a report${skipReason ? ` (${skipReason})` : ''}`, () => {
  let suite: ReportSuite;
  beforeAll(async () => {
    suite = await openSuite();
  });
  afterAll(() => suite[Symbol.asyncDispose]());

  it('has landmarks, one first heading, and a name for every control', async () => {
    const { page } = await openReport(suite, { items });
    for (const role of ['banner', 'main', 'contentinfo', 'search', 'feed'] as const) {
      expect(await page.getByRole(role).count(), role).toBe(1);
    }
    expect(await page.getByRole('heading', { level: 1 }).allInnerTexts()).toEqual([
      '26 prompts upsampled, 6 reused of 37',
    ]);
    await page.keyboard.press('e');
    expect(await headingSteps(page)).toEqual([]);
    expect(await namelessControls(page)).toEqual([]);
    expect(await page.locator('html').getAttribute('lang')).toBe('en');
    expect(await page.getByRole('searchbox', { name: /Search name, path, prompt/ }).count()).toBe(1);
  });

  it('names each spec, its place and its size, and no id twice', async () => {
    const { page } = await openReport(suite, { items });
    const article = page.getByRole('article', { name: 'warehouse robot 0' });
    expect(await article.getAttribute('aria-posinset')).toBe('1');
    await page.fill('#search', 'kitchen');
    const sizes = await page
      .locator('.spec')
      .evaluateAll((all) => all.map((row) => row.getAttribute('aria-setsize')));
    expect(new Set(sizes)).toEqual(new Set([String(sizes.length)]));
    const ids = await page.locator('[id]').evaluateAll((all) => all.map(({ id }) => id));
    expect(ids.length).toBe(new Set(ids).size);
  });

  it.each(['light', 'dark'] as const)(
    'every text of the %s theme has a contrast of 4.5 to 1',
    async (colorScheme) => {
      const { page } = await openReport(suite, { items });
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      await page.getByRole('button', { name: 'Failed 3' }).click();
      await page.getByRole('button', { name: 'Upsampled 26' }).click();
      await page.keyboard.press('e');
      const { checked, poor } = await contrasts(page);
      expect(checked).toBeGreaterThan(100);
      expect(poor).toEqual([]);
    },
  );

  it.each([
    { rule: 'a narrow phone', width: 320 },
    { rule: 'a phone', width: 390 },
    { rule: 'a 1280 px window at 200 %', width: 640 },
    { rule: 'a wide window', width: 1920 },
  ])('nothing is cut off or scrolls sideways on $rule', async ({ width }) => {
    const { page } = await openReport(suite, {
      items,
      header: { model: 'm'.repeat(200), input_root: '/long/path'.repeat(30) },
    });
    await page.setViewportSize({ width, height: 800 });
    await page.keyboard.press('e');
    const sizes = await page.evaluate(() => [
      document.documentElement.scrollWidth,
      document.documentElement.clientWidth,
    ]);
    expect(sizes[0]).toBe(sizes[1]);
    expect(await page.locator('#search').isVisible()).toBe(true);
  });
});

/** Headings that jump more than one level down. */
async function headingSteps(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const levels = [...document.querySelectorAll('body > :not(dialog) :is(h1, h2, h3, h4)')].map((heading) =>
      Number(heading.tagName[1]),
    );
    return levels.flatMap((level, index) =>
      level > (levels[index - 1] ?? 0) + 1 ? [`h${levels[index - 1]} to h${level}`] : [],
    );
  });
}

async function namelessControls(page: Page): Promise<string[]> {
  return page.evaluate(() =>
    [...document.querySelectorAll<HTMLElement>('button, input, select, img')]
      .filter((control) => control.getAttribute('alt') !== '')
      .filter((control) => {
        const label = control.closest('label')?.textContent;
        return !(
          control.getAttribute('aria-label') ||
          control.getAttribute('alt') ||
          control.textContent ||
          label
        )?.trim();
      })
      .map((control) => control.outerHTML),
  );
}
