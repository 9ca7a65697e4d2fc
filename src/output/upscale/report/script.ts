import { embeddedSource, embeddedTools } from '../../html-report/embed.ts';
import { startCopyButtons } from '../../html-report/page/copy-buttons.ts';
import { createElements } from '../../html-report/page/elements.ts';
import { startFramePairs } from '../../html-report/page/frame-pairs.ts';
import { themeControl } from '../../html-report/page/theme.ts';
import { startUpscaleReport, type UpscalePageTools } from '../../html-report/page/upscale-main.ts';
import { visibleText } from '../../html-report/page/visible-text.ts';

const tools: UpscalePageTools = {
  createElements,
  startCopyButtons,
  startFramePairs,
  themeControl,
  visibleText,
};

/** The page's own script: the source of the functions in `page/`. */
export const upscalePageScript = `'use strict';\n(${embeddedSource(startUpscaleReport)})(${embeddedTools(tools)});`;
