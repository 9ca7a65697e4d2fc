import { embeddedSource, embeddedTools } from '../embed.ts';
import { startCopyButtons } from '../page/copy-buttons.ts';
import { createElements } from '../page/elements.ts';
import { startFramePairs } from '../page/frame-pairs.ts';
import { themeControl } from '../page/theme.ts';
import { startUpscaleReport, type UpscalePageTools } from '../page/upscale-main.ts';
import { visibleText } from '../page/visible-text.ts';

const tools: UpscalePageTools = {
  createElements,
  startCopyButtons,
  startFramePairs,
  themeControl,
  visibleText,
};

/** The page's own script: the source of the functions in `page/`. */
export const upscalePageScript = `'use strict';\n(${embeddedSource(startUpscaleReport)})(${embeddedTools(tools)});`;
