import { bannerStyle } from './banner-style.ts';
import { baseStyle } from './base-style.ts';
import { pairsStyle } from './pairs-style.ts';
import { panelStyle } from './panel-style.ts';

/** The whole style sheet of an upscaling report. */
export const upscalePageStyle = [baseStyle, bannerStyle, panelStyle, pairsStyle].join('');
