import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { type BrowserContext, type BrowserContextOptions, chromium } from 'playwright-core';

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

const quietArguments = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** A real headless browser with a fresh profile; disposing it ends the process and removes the profile. */
export interface TestBrowser extends AsyncDisposable {
  readonly context: BrowserContext;
}

/** Why tests that need a browser are skipped, or null when there is one. In CI a missing one is a failure. */
export function browserSkipReason(): string | null {
  if (findChromium() !== null) return null;
  const reason = 'no Chromium: install the package chromium, or set CHROMIUM_PATH';
  if (process.env['CI']) throw new Error(`The browser suites must run in CI, but there is ${reason}.`);
  return reason;
}

/** Starts Chromium; `options` are those of a browser context. */
export async function openBrowser(options: BrowserContextOptions = {}): Promise<TestBrowser> {
  const executablePath = findChromium();
  if (executablePath === null) throw new Error('There is no Chromium; ask browserSkipReason first.');
  const profile = await mkdtemp(join(tmpdir(), 'cosmos-browser-'));
  const context = await chromium.launchPersistentContext(profile, {
    ...options,
    executablePath,
    args: quietArguments,
  });
  return {
    context,
    [Symbol.asyncDispose]: async () => {
      await context.close();
      await rm(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

function findChromium(): string | null {
  const folders = ['/usr/bin', ...(process.env['PATH'] ?? '').split(delimiter)];
  const candidates = folders.flatMap((folder) => names.map((name) => join(folder, name)));
  return [process.env['CHROMIUM_PATH'], ...candidates].find((path) => path && existsSync(path)) ?? null;
}
