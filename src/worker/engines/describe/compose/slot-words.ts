import type { ColourPlace } from '../judge-colour.ts';

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

/** A share with the place where most of it lies, if it has one: `about half of the frame, mainly on the left`. */
export function partAt(share: number, place: ColourPlace): string {
  const part = `${shareWords(share)} the frame`;
  return place === 'all' ? part : `${part}, mainly ${placeWords[place]}`;
}

/**
 * Names with their places, each place once: `amber and orange on the left`. Names without one come last, so that
 * no place seems to be theirs.
 */
export function joinPlaced(
  items: ReadonlyArray<{ readonly name: string; readonly place: ColourPlace }>,
): string {
  const placed = items.filter(({ place }) => place !== 'all');
  const groups = [...new Set(placed.map(({ place }) => place))].map((place) => {
    const names = placed.filter((item) => item.place === place).map(({ name }) => name);
    return `${joinList(names)} ${placeWords[place]}`;
  });
  const free = items.filter(({ place }) => place === 'all').map(({ name }) => name);
  return joinList([...groups, ...free]);
}

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
];

const placeWords: Record<ColourPlace, string> = {
  left: 'on the left',
  right: 'on the right',
  top: 'in the upper part',
  bottom: 'in the lower part',
  center: 'in the center',
  all: '',
};

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
