import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ReportItem } from '../../src/core/upsample/upsample-report.ts';
import { browserSkipReason, openBrowser } from '../support/browser.ts';
import { attacks, openReport, openSuite, type ReportSuite } from './open-report.ts';
import { writePage } from './report-page.ts';
import { sampleItem, sampleItems } from './sample-run.ts';

const skipReason = browserSkipReason();

describe.skipIf(skipReason)(`a report about hostile specs${skipReason ? ` (${skipReason})` : ''}`, () => {
  let suite: ReportSuite;
  beforeAll(async () => {
    suite = await openSuite();
  });
  afterAll(() => suite[Symbol.asyncDispose]());

  it('shows every text as text and runs none', async () => {
    const items = attacks.map((text, index) => hostileItem(index, text));
    const everywhere = attacks.join(' ');
    const header = {
      run_id: everywhere,
      host: everywhere,
      model: everywhere,
      input_root: everywhere,
      output_dir: everywhere,
    };
    const { page, complaints } = await openReport(suite, { items, header });
    for (const chip of await page.locator('.chip').all()) await chip.hover();
    expect(await page.locator('.spec.open').count()).toBe(attacks.length);
    expect(await page.evaluate(() => 'hacked' in window)).toBe(false);
    expect(await page.locator('main :is(svg, iframe, img:not(.thumb):not(figure img))').count()).toBe(0);
    expect(complaints).toEqual([]);
    const names = await page.locator('.spec .toggle').allTextContents();
    expect(names.slice(0, 8)).toEqual(attacks.slice(0, 8));
    expect(names.slice(8)).toEqual(['a⟨U+2028⟩b⟨U+2029⟩c⟨U+0000⟩d\ufffde', 'safe⟨U+202E⟩gnp.exe']);
    expect(await page.locator('.prompt.before p').first().textContent()).toBe(attacks[0]);
    expect(await page.locator('.banner .facts').textContent()).toContain(attacks[0]);
  });

  it('would not run code even if some slipped in', async () => {
    const { page } = await openReport(suite, { items: sampleItems(5) });
    const ran = await page.evaluate(async () => {
      const script = document.createElement('script');
      script.textContent = 'window.hacked = 1';
      const image = document.createElement('div');
      image.innerHTML = '<img src="data:," onerror="window.hacked = 1">';
      const failed = new Promise((resolve) => image.firstChild?.addEventListener('error', resolve));
      document.body.append(script, image);
      const sent = await fetch('data:text/plain,x').then(
        () => true,
        () => false,
      );
      // The attribute's code would have run before this listener.
      await failed;
      return { script: 'hacked' in window, sent };
    });
    expect(ran).toEqual({ script: false, sent: false });
  });

  it('without scripts says so and lists the failures', async () => {
    const path = await writePage(suite.folder, 'plain', {
      items: [hostileItem(0, attacks[1] ?? ''), ...sampleItems(40)],
    });
    await using plain = await openBrowser({ javaScriptEnabled: false });
    const page = await plain.context.newPage();
    await page.goto(pathToFileURL(path).href);
    expect(await page.locator('main .notice').allInnerTexts()).toEqual([
      expect.stringContaining('This list needs JavaScript'),
    ]);
    const failures = (await page.locator('.plain-failures li').allInnerTexts()).map((text) =>
      text.replace(/\s+/g, ' '),
    );
    expect(failures).toContain(
      'nature/trail/0002.json: prompt-too-long The prompt alone needs 5,210 of 4,096 tokens. Shorten the prompt.',
    );
    expect(failures[0]).toContain(attacks[1]);
    expect(failures).toHaveLength(4);
    expect(await page.locator('img').count()).toBe(0);
    expect(await page.locator('.toolbar').isVisible()).toBe(false);
  });
});

/** A failed spec that says `text` wherever a spec can say something. */
function hostileItem(index: number, text: string): ReportItem {
  const item = sampleItem(index, true);
  return {
    ...item,
    spec: text,
    name: text,
    prompt_before: text,
    prompt_after: `${text} and more`,
    output: text,
    video: { path: text, width: 1, height: 1, frames: 1 },
    tokens: item.tokens && { ...item.tokens, estimator: text },
    failure: { code: text, message: text, next_step: text },
  };
}
