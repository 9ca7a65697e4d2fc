import type { ColourFacts } from '../judge-colour.ts';
import type { Template } from './template.ts';

/** One color: the frame has no other worth naming. */
export const singleColourSentences: readonly Template[] = [
  '<C1> [covers|fills|takes up] <part1At>, and the palette [stays|remains|reads as] <tone>.',
  'The palette [stays|remains|is kept] <tone>, [built|resting|based] on <c1> across <part1>.',
  '<C1> [dominates|leads|rules] the palette across <part1At>, [in a range|in a register] that [stays|remains] <tone>.',
];

/** A leading color and one or two more. */
export const severalColourSentences: readonly Template[] = [
  '<C1> [covers|fills|takes up] <part1At>, [joined|answered|accompanied|met] by <accents>, and the palette [stays|remains|reads as] <tone>.',
  'The palette [stays|remains|is kept] <tone>, [led|carried|anchored] by <c1> across <part1At>, [next to|along with|together with] <accents>.',
  '[Color is|The colors are|The palette is] <tone>, with <c1> [covering|filling|taking up] <part1>, [followed by|set beside|set against] <accents>.',
];

/** Colors of which none leads. */
export const scatteredColourSentences: readonly Template[] = [
  'No single color [dominates|leads|takes over], with <list> [recurring|appearing|returning] most often in a palette that [is|stays|remains] <tone>.',
  'The palette [is|stays|remains] <tone>, [shared among|divided among|spread over] many colors, with <list> [foremost|most frequent|most present].',
];

/** The palette as a whole. */
export const toneWords: Record<
  Exclude<ColourFacts['saturation'], 'neutral'>,
  Record<ColourFacts['temperature'], readonly Template[]>
> = {
  muted: {
    warm: ['[muted|restrained|soft] and [warm|slightly warm]'],
    cool: ['[muted|restrained|soft] and [cool|slightly cool]'],
    even: ['[muted|restrained|subdued] and balanced'],
  },
  rich: {
    warm: ['[rich|full] and warm', 'warm and [full|saturated|rich]'],
    cool: ['[rich|full] and cool', 'cool and [full|saturated|rich]'],
    even: ['[rich|full|saturated] and balanced'],
  },
  vivid: {
    warm: ['[vivid|intense|saturated|bold] and warm'],
    cool: ['[vivid|intense|saturated|bold] and cool'],
    even: ['[vivid|intense|saturated|bold] and balanced'],
  },
};

/** A palette without color. */
export const neutralToneWords: readonly Template[] = ['[neutral|monochrome] and [restrained|austere|spare]'];
