import type { Template } from './template.ts';

/** What moves, with `gentle` and `strong` wordings where strength was measured. */
export const motionSentences = {
  still: [
    'The camera [holds|stays|remains] [still|steady|motionless], and [hardly anything|almost nothing|very little] [in view|in the frame] [changes|moves|shifts] from [one moment to the next|beginning to end].',
  ],
  localGentle: [
    '[Movement|Motion|Change] [stays|is|remains] [gentle|slight|restrained] and [gathers|appears mainly|shows mainly|plays out] <zone>, while the rest of the frame [holds still|stays steady|barely changes].',
  ],
  localStrong: [
    '[Clear|Strong|Marked|Brisk] [movement|motion] [develops|plays out|unfolds] <zone>, while the rest of the frame [stays calmer|holds steadier|remains quieter].',
  ],
  scattered: [
    '[Small|Brief|Local] [movements|changes] [appear|occur|show] in [several|a number of] places, while most of the frame [holds still|stays steady|barely changes].',
  ],
  broadGentle: [
    '[Gentle|Subtle|Light] [movement|motion] [runs|passes|ripples] through [most|much|many parts] of the frame [from moment to moment|as the shot goes on|without any sudden jump].',
  ],
  broadStrong: [
    '[Strong|Restless|Energetic] [movement|motion] [runs|sweeps|surges] through the [whole|entire] [frame|picture], [changing|reshaping|renewing] the view from [moment to moment|one instant to the next].',
  ],
  travelGentle: [
    'The camera [drifts|glides|eases] [slowly|gently|smoothly] <direction>, [carrying|shifting|sliding] the whole view [along with it|in one smooth move|in a single motion].',
  ],
  travelStrong: [
    'The camera [sweeps|travels|swings] [briskly|quickly|firmly] <direction>, [carrying|shifting|sliding] the whole view [along with it|in one broad move|in a single motion].',
  ],
  brighter: [
    'The light [rises|builds|grows] [steadily|gradually|visibly] [during the shot|as the shot goes on|over the shot], [opening up|lifting|brightening] the [whole frame|entire frame|whole picture].',
  ],
  darker: [
    'The light [falls|fades|sinks] [steadily|gradually|visibly] [during the shot|as the shot goes on|over the shot], [dimming|darkening|lowering] the [whole frame|entire frame|whole picture].',
  ],
} as const satisfies Record<string, readonly Template[]>;

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
  'The [mood|atmosphere|overall mood] [is|stays|remains] <mood>[|, with a polished cinematic finish|, with a cinematic sense of place|, in keeping with the described moment].',
  'The [result|whole] [feels|comes across as] <mood>[|, with a polished cinematic finish|, with a cinematic sense of place|, in keeping with the described moment].',
];
