import type { ColourFact } from '../judge-colour.ts';

/** Names of the nine zones, as adverbials that fit after a noun or a verb. */
export const zoneWords = [
  'in the upper left',
  'near the top',
  'in the upper right',
  'on the left',
  'in the center',
  'on the right',
  'in the lower left',
  'near the bottom',
  'in the lower right',
] as const;

/** A share, 0 to 1, as a person would put it, ending in `of`: `about half of`. */
export function shareWords(share: number): string {
  const step = shareSteps.find(([least]) => share >= least);
  return step?.[1] ?? 'a small part of';
}

/** A color with its place, if it has one: `amber on the right`. */
export function colourAt(colour: ColourFact): string {
  const place = placeWords[colour.place];
  return place === '' ? colour.name : `${colour.name} ${place}`;
}

/** Where a color mainly lies; empty for a color without a place. */
export const placeWords: Record<ColourFact['place'], string> = {
  left: 'on the left',
  right: 'on the right',
  top: 'in the upper part',
  bottom: 'in the lower part',
  center: 'in the center',
  all: '',
};

/** Small numbers as words, larger ones as `many`. */
export function countWord(count: number): string {
  return numbers[count] ?? 'many';
}

/** `one`, `one and two`, `one, two and three`. */
export function joinList(words: readonly string[]): string {
  if (words.length < 2) return words.join('');
  return `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}

/** Raises the first letter. */
export function capitalize(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

const shareSteps: ReadonlyArray<readonly [least: number, words: string]> = [
  [0.9, 'nearly all of'],
  [0.66, 'most of'],
  [0.56, 'more than half of'],
  [0.43, 'about half of'],
  [0.29, 'about a third of'],
  [0.21, 'about a quarter of'],
  [0.14, 'about a sixth of'],
  [0.02, 'a small part of'],
  [0, 'almost none of'],
];

const numbers = [
  'no',
  'one',
  'two',
  'three',
  'four',
  'five',
  'six',
  'seven',
  'eight',
  'nine',
  'ten',
  'eleven',
  'twelve',
];
