import type { ColourFacts } from '../judge-colour.ts';
import type { Template } from './template.ts';

/** One color: the frame has no other worth naming. */
export const singleColourSentences: readonly Template[] = [
  '<C1> [covers|fills|takes up] <part1At>, in a <toneAdjectives> palette.',
  'The palette is <tone>, [built|resting|based] on <c1> across <part1>.',
  'A <toneAdjectives> palette [rests|relies|leans] on <c1>, which [covers|fills|takes up] <part1At>.',
];

/** A leading color and one or two more. */
export const severalColourSentences: readonly Template[] = [
  '<C1> [covers|fills|takes up] <part1At>, [joined|answered|accompanied|met] by <accents>, in a <toneAdjectives> palette.',
  '<C1> [leads|anchors|dominates] a <toneAdjectives> palette across <part1>, [followed by|set beside|set against] <accents>.',
  'The palette is <tone>, with <c1> [covering|filling|taking up] <part1> [beside|next to|along with] <accents>.',
  'A <toneAdjectives> palette [sets|places] <c1>, [covering|filling] <part1>, [beside|against|next to] <accents>.',
];

/** Colors of which none leads. */
export const scatteredColourSentences: readonly Template[] = [
  'No single color [dominates|leads|commands] a <toneAdjectives> palette in which <list> [recur|appear|return] most often.',
  '[Many colors|Many hues|A great many colors] [share|mingle in] a <toneAdjectives> palette, with <list> [foremost|most frequent|most prominent] among them.',
  'The palette is <tone>, [shared among|divided among|spread over] many colors, with <list> [foremost|most frequent|most prominent].',
];

/** Colors of which one frame has more and the next one less, so that shares would tell of neither. */
export const listColourSentences: readonly Template[] = [
  'The palette is <tone>, [built on|drawn from|carried by] <list>.',
  'A <toneAdjectives> palette [draws on|builds on|relies on] <list>.',
];

/** The palette as a whole: two adjectives, none with a vowel first. */
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
    warm: ['[vivid|saturated|bold] and warm'],
    cool: ['[vivid|saturated|bold] and cool'],
    even: ['[vivid|saturated|bold] and balanced'],
  },
};

/** A palette without color. */
export const neutralToneWords: readonly Template[] = ['neutral and [restrained|spare|plain|quiet]'];
