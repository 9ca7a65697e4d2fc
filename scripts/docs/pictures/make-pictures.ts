/**
 * Makes the pictures in `docs/images/` from a real run of the demo: `node scripts/docs/pictures/make-pictures.ts`.
 * Needs tmux and Chromium, and the built program.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { openBrowser } from '../../../test/support/browser.ts';
import { TerminalSession } from './terminal-session.ts';
import { terminalSvg } from './terminal-svg.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../..', import.meta.url));
const images = join(root, 'docs', 'images');
/** What the pictures show instead of the folder the run really was in. */
const shownFolder = '/home/you';

const folder = await realpath(await mkdtemp(join(tmpdir(), 'd-')));
try {
  await run(process.execPath, [join(root, 'scripts', 'make-demo.ts'), join(folder, 'demo')]);
  const screens = await runInTerminal();
  await writeFile(
    join(images, 'run.svg'),
    terminalSvg(screens, TerminalSession.columns, 'A run of cosmos in a terminal'),
  );
  await photographReport();
} finally {
  await rm(folder, { recursive: true, force: true });
}

/** The demo is quick, so that the screen may be looked at too late: then it is run again, from the beginning. */
async function runInTerminal(): Promise<{ title: string; text: string }[]> {
  for (let attempt = 0; attempt < 10; attempt++) {
    for (const name of ['home', 'checkpoints', 'outputs']) {
      await rm(join(folder, name), { recursive: true, force: true, maxRetries: 5 });
    }
    const seen = await watchOneRun();
    const midway = seen.filter((text) => promptsDone(text) > 0).sort((a, b) => distance(a) - distance(b))[0];
    if (midway === undefined || !midway.includes('left')) continue;
    const shown = (text: string) => text.replaceAll(folder, shownFolder);
    return [
      { title: 'while it runs', text: shown(midway) },
      { title: 'at the end', text: shown((seen.at(-1) ?? '').replace(/\n\$ *\n*$/, '')) },
    ];
  }
  throw new Error('no run was slow enough to be seen midway');
}

async function watchOneRun(): Promise<string[]> {
  await using terminal = new TerminalSession();
  const path = [join(root, 'scripts'), join(root, 'node_modules', '.bin'), process.env['PATH']].join(':');
  await terminal.open(folder, { HOME: join(folder, 'home'), PATH: path, PS1: '$ ', LANG: 'C.UTF-8' });
  await terminal.type('cosmos batch-upsample demo/specs --auto-resize');
  const seen: string[] = [];
  const deadlineMs = Date.now() + 60_000;
  while (!(seen.at(-1) ?? '').includes('Report')) {
    if (Date.now() > deadlineMs) throw new Error(`the run did not end:\n${seen.at(-1)}`);
    await delay(15);
    seen.push(await terminal.screen());
  }
  return seen;
}

function promptsDone(screen: string): number {
  return Number(/Prompts \S* (\d+) done/.exec(screen)?.[1] ?? 0);
}

/** How far a screen is from the one that shows most: nearly done, with a time that is left. */
function distance(screen: string): number {
  return Math.abs(promptsDone(screen) - 10) + (screen.includes('left') ? 0 : 5);
}

async function photographReport(): Promise<void> {
  const runs = join(folder, 'checkpoints');
  const [runId = ''] = await readdir(runs);
  await using browser = await openBrowser({ viewport: { width: 1100, height: 800 }, colorScheme: 'light' });
  const page = await browser.context.newPage();
  await page.goto(pathToFileURL(join(runs, runId, 'report.html')).href);
  await page.waitForSelector('#specs[aria-busy=false]');
  await page.evaluate(
    ([from, to]) => {
      const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
      while (texts.nextNode()) {
        const node = texts.currentNode;
        node.textContent = (node.textContent ?? '').replaceAll(from, to);
      }
    },
    [folder, shownFolder] as const,
  );
  await page.screenshot({ path: join(images, 'report.png') });
}
