/// <reference lib="dom" />
import type { startCopyButtons } from './copy-buttons.ts';
import type { createElements } from './elements.ts';
import type { startFramePairs } from './frame-pairs.ts';
import type { themeControl } from './theme.ts';
import type { visibleText } from './visible-text.ts';

/** What the page's functions may call: each other. */
export interface UpscalePageTools {
  readonly createElements: typeof createElements;
  readonly startCopyButtons: typeof startCopyButtons;
  readonly startFramePairs: typeof startFramePairs;
  readonly themeControl: typeof themeControl;
  readonly visibleText: typeof visibleText;
}

/**
 * Brings the report of an upscaled video to life: everything stands in its markup already but the comparing of frames.
 *
 * Self-contained: its source is embedded in the page, and gets everything else it calls as `tools`.
 */
export function startUpscaleReport(tools: UpscalePageTools): void {
  const theme = document.querySelector<HTMLElement>('#theme');
  const pairs = document.querySelector<HTMLElement>('.pairs');
  if (theme) tools.themeControl(theme);
  if (pairs) tools.startFramePairs(pairs, tools.createElements(tools.visibleText));
  tools.startCopyButtons(document);
}
