import { embeddedSource, embeddedTools } from './embed.ts';
import { createBlockList } from './page/block-list.ts';
import { startControls } from './page/controls.ts';
import { startCopyButtons } from './page/copy-buttons.ts';
import { createElements } from './page/elements.ts';
import { createFormats } from './page/formats.ts';
import { handleKeys } from './page/keyboard.ts';
import { startReport } from './page/main.ts';
import { createOrder } from './page/order.ts';
import { createSpecDetails } from './page/spec-details.ts';
import { createSpecRow } from './page/spec-row.ts';
import { openStore } from './page/store.ts';
import { applyTheme, themeControl } from './page/theme.ts';
import type { PageTools } from './page/tools.ts';
import { visibleText } from './page/visible-text.ts';
import { wordDiff } from './page/word-diff.ts';

const tools: PageTools = {
  createBlockList,
  createElements,
  createFormats,
  createOrder,
  createSpecDetails,
  createSpecRow,
  handleKeys,
  openStore,
  startControls,
  startCopyButtons,
  themeControl,
  visibleText,
  wordDiff,
};

/**
 * The page's own script: the source of the functions in `page/`, which therefore use nothing from outside
 * themselves but types, the browser and what they are given.
 */
export const pageScript = `'use strict';\n(${embeddedSource(startReport)})(${embeddedTools(tools)});`;

/** Runs before the first paint, so that a chosen theme does not flash. */
export const themeScript = `(${embeddedSource(applyTheme)})();`;
