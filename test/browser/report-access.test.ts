import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { browserSkipReason } from '../support/browser.ts';
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
      '32 of 37 prompts upsampled',
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

/** WCAG 2 contrast of every visible element with text of its own against the nearest opaque background. */
async function contrasts(page: Page): Promise<{ checked: number; poor: string[] }> {
  return page.evaluate(() => {
    const texts = [...document.querySelectorAll<HTMLElement>('body *')].filter(
      (element) =>
        element.checkVisibility() &&
        !element.closest('.unseen, script, noscript') &&
        [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.textContent?.trim()),
    );
    const poor = texts
      .map((element) => ({
        element,
        ratio: contrast(getComputedStyle(element).color, backgroundOf(element)),
      }))
      .filter(({ ratio }) => !(ratio >= 4.5))
      .map(({ element, ratio }) => `${element.tagName}.${element.className} ${ratio.toFixed(2)}`);
    return { checked: texts.length, poor };

    function backgroundOf(element: Element | null): string {
      const color = element ? getComputedStyle(element).backgroundColor : 'rgb(255, 255, 255)';
      return /, 0\)$/.test(color) ? backgroundOf(element?.parentElement ?? null) : color;
    }

    function contrast(first: string, second: string): number {
      const [high = 0, low = 0] = [luminance(first), luminance(second)].sort((a, b) => b - a);
      return (high + 0.05) / (low + 0.05);
    }

    function luminance(color: string): number {
      const [red = NaN, green = NaN, blue = NaN] = (color.match(/[\d.]+/g) ?? []).map((part) => {
        const value = Number(part) / 255;
        return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
      });
      return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    }
  });
}
