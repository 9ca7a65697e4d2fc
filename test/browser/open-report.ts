import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Page } from 'playwright-core';
import { onTestFinished } from 'vitest';
import { openBrowser, type TestBrowser } from '../support/browser.ts';
import { type PageContent, writePage } from './report-page.ts';

/** A browser and a folder that a suite shares. */
export interface ReportSuite extends AsyncDisposable {
  readonly browser: TestBrowser;
  readonly folder: string;
}

/** A page, and what it complained about: errors, refusals by its policy, anything it asked the network for. */
export interface OpenReport {
  readonly page: Page;
  readonly complaints: string[];
}

/** Texts that would be code, or would break a page, if they were taken for anything but text. */
export const attacks = [
  '</script><script>window.hacked=1</script>',
  '</noscript></title></style><img src=x onerror="window.hacked=1">',
  '<svg/onload=window.hacked=1>',
  '" autofocus onfocus="window.hacked=1',
  "' onmouseover='window.hacked=1",
  '<!--<script>',
  ']]><iframe srcdoc="<script>parent.hacked=1</script>">',
  'javascript:window.hacked=1',
  'a\u2028b\u2029c\0d\ud800e',
  'safe\u202egnp.exe',
];

/** Starts the browser of a suite. */
export async function openSuite(): Promise<ReportSuite> {
  const folder = await mkdtemp(join(tmpdir(), 'cosmos-report-'));
  const browser = await openBrowser({ viewport: { width: 1280, height: 900 } });
  return {
    browser,
    folder,
    [Symbol.asyncDispose]: async () => {
      await browser[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Writes a report, opens it and waits until all its specs have arrived; the test's end closes it. */
export async function openReport(suite: ReportSuite, content: PageContent): Promise<OpenReport> {
  return openPage(suite, await writePage(suite.folder, newPageName(), content));
}

export function newPageName(): string {
  return `report-${Math.random().toString(36).slice(2)}`;
}

/** Opens a page that lists specs, as {@link openReport} does. */
export async function openPage(suite: ReportSuite, path: string): Promise<OpenReport> {
  const page = await suite.browser.context.newPage();
  onTestFinished(() => page.close());
  const complaints: string[] = [];
  const url = pathToFileURL(path).href;
  page.on('console', (message) => complaints.push(`${message.type()}: ${message.text()}`));
  page.on('pageerror', (error) => complaints.push(`error: ${error.message}`));
  page.on('request', (request) => {
    const isOwn = request.url() === url || /^(data:image|blob:null)\//.test(request.url());
    if (!isOwn) complaints.push(`request: ${request.url()}`);
  });
  await page.goto(url);
  await page.waitForSelector('#specs[aria-busy=false]');
  return { page, complaints };
}

/** The names of the specs that exist as elements, in the order of the page. */
export async function shownNames(page: Page): Promise<string[]> {
  return page.locator('.spec .toggle').allTextContents();
}
