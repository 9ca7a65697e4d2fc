/// <reference lib="dom" />
import { startCopyButtons } from './copy-buttons.ts';
import { applyTheme, startThemeButton } from './theme.ts';
import { startSpecList } from './upsample/spec-list.ts';
import { startFramePairs } from './upscale/frame-pairs.ts';

/** What the pages consist of: the selector of each part, and the function that starts the part where a page has it. */
const parts: readonly (readonly [selector: string, start: (root: HTMLElement) => void])[] = [
  ['#theme', startThemeButton],
  ['#specs', startSpecList],
  ['.pairs', startFramePairs],
];

// The program stands in the page's head, so the theme is there before the first paint.
applyTheme();

/** Starts the parts that stand above the call in the page. */
export function start(): void {
  startCopyButtons();
  for (const [selector, startPart] of parts) {
    const root = document.querySelector<HTMLElement>(selector);
    if (root) startPart(root);
  }
}
