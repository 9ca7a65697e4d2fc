import type { Template } from './template.ts';

/** How bright and how lively the clip is; `unknown` where one frame says nothing about motion. */
export type Key = 'dark' | 'middle' | 'light';
export type Energy = 'calm' | 'active' | 'unknown';

/** The atmosphere that light and motion suggest. */
export const moodWords: Record<Key, Record<Energy, readonly Template[]>> = {
  dark: {
    calm: ['[quiet|hushed|calm] and [intimate|brooding|mysterious]'],
    active: ['[tense|charged|restless] and [urgent|dramatic]'],
    unknown: ['[hushed|subdued|dark] and [intimate|brooding|mysterious]'],
  },
  middle: {
    calm: ['[calm|composed|settled] and [grounded|natural|unhurried]'],
    active: ['[lively|alert|active] and [direct|immediate|energetic]'],
    unknown: ['[composed|grounded|plain] and [natural|clear|direct]'],
  },
  light: {
    calm: ['[calm|airy|serene] and [open|clear|fresh]'],
    active: ['[lively|bright|spirited] and [open|fresh|energetic]'],
    unknown: ['[airy|open|light] and [clear|clean|fresh]'],
  },
};

export const moodSentences: readonly Template[] = [
  'The [mood|atmosphere|overall mood] is <mood>.',
  'The [whole|scene] [feels|comes across as] <mood>.',
  'The [overall impression|overall feeling|impression] is <mood>.',
  'The [mood|atmosphere|tone] [reads as|comes across as|feels] <mood>.',
  'It [feels|comes across as] <mood> [as a whole|throughout].',
];
