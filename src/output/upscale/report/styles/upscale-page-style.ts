import { bannerStyle } from '../../../html-report/styles/banner-style.ts';
import { baseStyle } from '../../../html-report/styles/base-style.ts';
import { pairsStyle } from './pairs-style.ts';
import { panelStyle } from './panel-style.ts';

/** The whole style sheet of an upscaling report. */
export const upscalePageStyle = [baseStyle, bannerStyle, panelStyle, pairsStyle].join('');
