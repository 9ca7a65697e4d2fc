import { distance } from 'fastest-levenshtein';

/** The known word that was probably meant; null where none is near enough. */
export function nearestWord(word: string, known: readonly string[]): string | null {
  const ranked = known.map((other) => ({ other, steps: distance(word, other) }));
  const [nearest] = ranked.sort((one, two) => one.steps - two.steps);
  return nearest && nearest.steps <= Math.max(2, word.length / 2) ? nearest.other : null;
}
