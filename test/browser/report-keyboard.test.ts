import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { browserSkipReason } from '../support/browser.ts';
import { openReport, openSuite, type ReportSuite } from './open-report.ts';
import { sampleItems } from './sample-run.ts';

const skipReason = browserSkipReason();
const items = sampleItems(60);

describe.skipIf(skipReason)(`a report by keyboard${skipReason ? ` (${skipReason})` : ''}`, () => {
  let suite: ReportSuite;
  beforeAll(async () => {
    suite = await openSuite();
  });
  afterAll(() => suite[Symbol.asyncDispose]());

  it('/ goes to the search, Escape clears it, then leaves it', async () => {
    const { page } = await openReport(suite, { items });
    await page.keyboard.press('/');
    await page.keyboard.type('j/k?o');
    expect(await page.inputValue('#search')).toBe('j/k?o');
    await page.keyboard.press('Escape');
    expect(await page.inputValue('#search')).toBe('');
    expect(await focused(page)).toBe('search');
    expect(await page.getByRole('status').textContent()).toBe('60 specs');
    await page.keyboard.press('Escape');
    expect(await focused(page)).toBe('');
  });

  it('j and k, and the arrows, walk through all specs and keep them in view', async () => {
    const { page } = await openReport(suite, { items });
    await page.keyboard.press('k');
    expect(await focused(page)).toBe('spec-0');
    for (let step = 0; step < 59; step += 1) await page.keyboard.press(step % 2 ? 'j' : 'ArrowDown');
    expect(await focused(page)).toBe('spec-59');
    expect(await isFocusInView(page)).toBe(true);
    await page.keyboard.press('j');
    expect(await focused(page)).toBe('spec-59');
    for (let step = 0; step < 30; step += 1) await page.keyboard.press(step % 2 ? 'k' : 'ArrowUp');
    expect(await focused(page)).toBe('spec-29');
    expect(await isFocusInView(page)).toBe(true);
  });

  it('Enter and o open and close the spec that has the focus', async () => {
    const { page } = await openReport(suite, { items });
    await page.keyboard.press('j');
    const toggle = page.locator('#spec-0');
    for (const [key, expanded] of [
      ['Enter', 'true'],
      ['o', 'false'],
      ['o', 'true'],
      ['Enter', 'false'],
    ] as const) {
      await page.keyboard.press(key);
      expect(await toggle.getAttribute('aria-expanded'), key).toBe(expanded);
    }
  });

  it('e opens and closes all specs and leaves the focus where it is', async () => {
    const { page } = await openReport(suite, { items });
    for (const key of ['j', 'j', 'e']) await page.keyboard.press(key);
    expect(await focused(page)).toBe('spec-1');
    expect(await page.locator('.spec:not(.open)').count()).toBe(0);
    await page.keyboard.press('e');
    expect(await focused(page)).toBe('spec-1');
    expect(await page.locator('.spec.open').count()).toBe(0);
  });

  it('the arrow down leads from the search into its matches', async () => {
    const { page } = await openReport(suite, { items });
    await page.keyboard.press('/');
    await page.keyboard.type('kitchen');
    await page.keyboard.press('ArrowDown');
    expect(await page.locator(':focus').textContent()).toMatch(/^kitchen/);
  });

  it('? shows the keys, Escape closes them and returns the focus', async () => {
    const { page } = await openReport(suite, { items });
    await page.keyboard.press('j');
    await page.keyboard.press('?');
    const dialog = page.getByRole('dialog', { name: 'Keyboard shortcuts' });
    expect(await dialog.isVisible()).toBe(true);
    await page.keyboard.press('j');
    await page.keyboard.press('Escape');
    expect(await dialog.isVisible()).toBe(false);
    expect(await focused(page)).toBe('spec-0');
  });

  it('takes no key together with a modifier', async () => {
    const { page } = await openReport(suite, { items });
    await page.keyboard.press('Control+j');
    await page.keyboard.press('Alt+/');
    expect(await focused(page)).toBe('');
  });

  it('Tab visits the controls in reading order, each with a visible focus', async () => {
    const { page } = await openReport(suite, { items });
    const visited: string[] = [];
    for (let step = 0; step < 14; step += 1) {
      await page.keyboard.press('Tab');
      visited.push(
        await page.evaluate(
          () => document.activeElement?.id || document.activeElement?.textContent?.trim() || '',
        ),
      );
      expect(await hasVisibleFocus(page), visited.at(-1)).toBe(true);
    }
    const names = visited.map((name) => name.replace(/\s+/g, ' '));
    expect(names.slice(0, 7)).toEqual([
      'Skip to the specs',
      'Copy',
      'search',
      'sort',
      'expand',
      'theme',
      'help',
    ]);
    expect(names.slice(7, 12)).toEqual(
      ['Failed3', 'Upsampled42', 'Reused9', 'Skipped5', 'Pending3'].map((name) =>
        expect.stringMatching(name.replace(/\d+/, ' ?\\d+')),
      ),
    );
    expect(names.slice(12)).toEqual(['spec-0', 'spec-1']);
  });
});

async function focused(page: Page): Promise<string> {
  return page.evaluate(() => document.activeElement?.id ?? '');
}

async function isFocusInView(page: Page): Promise<boolean> {
  return page.evaluate(() => {
    const row = document.activeElement?.closest('.spec')?.getBoundingClientRect();
    const barPx = document.querySelector('.toolbar')?.getBoundingClientRect().bottom ?? 0;
    return row !== undefined && row.top >= barPx - 1 && row.bottom <= innerHeight + 1;
  });
}

async function hasVisibleFocus(page: Page): Promise<boolean> {
  return page.evaluate(() => {
    const element = document.activeElement;
    if (!element) return false;
    const outlines = [getComputedStyle(element), getComputedStyle(element, '::after')];
    return outlines.some(
      ({ outlineStyle, outlineWidth }) => outlineStyle === 'solid' && Number.parseFloat(outlineWidth) >= 2,
    );
  });
}
