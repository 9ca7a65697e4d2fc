import type { createBlockList } from './block-list.ts';
import type { startControls } from './controls.ts';
import type { startCopyButtons } from './copy-buttons.ts';
import type { createElements } from './elements.ts';
import type { createFormats } from './formats.ts';
import type { handleKeys } from './keyboard.ts';
import type { createOrder } from './order.ts';
import type { createSpecDetails } from './spec-details.ts';
import type { createSpecRow } from './spec-row.ts';
import type { openStore } from './store.ts';
import type { themeControl } from './theme.ts';
import type { visibleText } from './visible-text.ts';
import type { wordDiff } from './word-diff.ts';

/**
 * What the page's functions may call: each other. Embedded as source they see no module, so they get one
 * another as a parameter.
 */
export interface PageTools {
  readonly createBlockList: typeof createBlockList;
  readonly createElements: typeof createElements;
  readonly createFormats: typeof createFormats;
  readonly createOrder: typeof createOrder;
  readonly createSpecDetails: typeof createSpecDetails;
  readonly createSpecRow: typeof createSpecRow;
  readonly handleKeys: typeof handleKeys;
  readonly openStore: typeof openStore;
  readonly startControls: typeof startControls;
  readonly startCopyButtons: typeof startCopyButtons;
  readonly themeControl: typeof themeControl;
  readonly visibleText: typeof visibleText;
  readonly wordDiff: typeof wordDiff;
}
