/// <reference lib="dom" />
import { startSpecList } from './specs/spec-list.ts';
import { startCropTiles } from './upscale/crop-tiles.ts';
import { startFramePairs } from './upscale/frame-pairs.ts';

/// <reference lib="dom" />

const storageKey = 'cosmos-report-theme';

const next: Readonly<Record<string, string>> = { auto: 'light', light: 'dark', dark: 'auto' };

/** What the pages consist of: the selector of each part, and the function that starts the part where a page has it. */
const parts: readonly (readonly [selector: string, start: (root: HTMLElement) => void])[] = [
  ['#theme', startThemeButton],
  ['#specs', startSpecList],
  ['.pairs', startFramePairs],
  ['.crops', startCropTiles],
];

// The program is in the page's head, so the theme is there before the first paint.
applyTheme();

/** Starts the parts that stand above the call in the page. */
export function start(): void {
  startCopyButtons();
  for (const [selector, startPart] of parts) {
    const root = document.querySelector<HTMLElement>(selector);
    if (root) startPart(root);
  }
}

/// <reference lib="dom" />

/** Makes every button with `data-copy` copy that text, also those that come later. */
export function startCopyButtons(): void {
  document.addEventListener('click', (event) => {
    const button = event.target instanceof Element ? event.target.closest('[data-copy]') : null;
    if (button) void copy(button);
  });
}

async function copy(button: Element): Promise<void> {
  try {
    await navigator.clipboard.writeText(button.getAttribute('data-copy') ?? '');
    button.textContent = 'Copied';
  } catch {
    button.textContent = 'Not allowed';
  }
  setTimeout(() => {
    button.textContent = 'Copy';
  }, 1_500);
}

/** Marks the page as live, which shows the controls, and applies the theme chosen earlier; without one the system's stands. */
function applyTheme(): void {
  document.documentElement.dataset['live'] = '';
  try {
    const theme = localStorage.getItem(storageKey);
    if (theme === 'light' || theme === 'dark') document.documentElement.dataset['theme'] = theme;
  } catch {
    // A browser may refuse storage to local files; the theme then lasts as long as the page.
  }
}

/** Makes `button` go through auto, light and dark. */
function startThemeButton(button: HTMLElement): void {
  label(button);
  button.addEventListener('click', () => {
    choose(next[current()] ?? 'auto');
    label(button);
  });
}

function current(): string {
  return document.documentElement.dataset['theme'] ?? 'auto';
}

function choose(theme: string): void {
  const { dataset } = document.documentElement;
  if (theme === 'auto') delete dataset['theme'];
  else dataset['theme'] = theme;
  try {
    localStorage.setItem(storageKey, theme);
  } catch {
    // See applyTheme.
  }
}

function label(button: HTMLElement): void {
  const name = current();
  button.textContent = `\u25d0 ${name.charAt(0).toUpperCase()}${name.slice(1)}`;
  button.setAttribute('aria-label', `Theme: ${name}`);
}
