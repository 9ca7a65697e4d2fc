import { bannerStyle } from './banner-style.ts';
import { baseStyle } from './base-style.ts';
import { detailsStyle } from './details-style.ts';
import { specsStyle } from './specs-style.ts';
import { toolbarStyle } from './toolbar-style.ts';

/** The page's whole style sheet. */
export const pageStyle = [baseStyle, bannerStyle, toolbarStyle, specsStyle, detailsStyle].join('');
