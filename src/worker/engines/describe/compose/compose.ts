import type { Facts } from '../facts.ts';
import type { Choose } from './chooser.ts';
import { outline, type Sentence } from './outline.ts';
import { countWords, toSentence } from './user-words.ts';

/**
 * Writes the enriched prompt: the user's words first, whole, then what was measured, as one paragraph in the
 * present tense.
 *
 * Up to 60 words of the user's own, the paragraph has 60 to 110 words (runs of anything but white space). A longer
 * prompt is kept whole and followed by 40 to 60 measured words, nearer to 40, so it passes 110 only by what the
 * user's own words force.
 *
 * @param facts - What is known about the clip; null for a prompt without one, which gets direction only.
 * @param choose - Chooses among equally good wordings; the same choices give the same text.
 */
export function composeText(prompt: string, facts: Facts | null, choose: Choose): string {
  const words = toSentence(prompt);
  const limits = measuredLimits(countWords(words));
  const sentences = draftWithin(limits, () => outline(facts, choose));
  return [words, ...sentences].filter((sentence) => sentence !== '').join(' ');
}

/** How many words the measured part may have, given the user's. */
export function measuredLimits(userWords: number): { readonly least: number; readonly most: number } {
  const least = Math.max(40, 64 - userWords);
  if (userWords <= 60) return { least, most: Math.max(50, 106 - userWords) };
  return { least, most: Math.max(45, 110 - userWords) };
}

/** Enough for every combination of facts (tested); the nearest draft is taken should they ever run out. */
const maxDrafts = 200;

/** Rewords until a draft fits. Wordings differ in length, so a few tries are enough. */
function draftWithin(limits: ReturnType<typeof measuredLimits>, draft: () => readonly Sentence[]): string[] {
  let nearest: string[] = [];
  let smallestMiss = Number.POSITIVE_INFINITY;
  for (let tries = 0; tries < maxDrafts && smallestMiss > 0; tries++) {
    const kept = shorten(draft(), limits.most);
    const words = countWords(kept.join(' '));
    const miss = Math.max(0, limits.least - words, words - limits.most);
    if (miss < smallestMiss) {
      smallestMiss = miss;
      nearest = kept;
    }
  }
  return nearest;
}

/** Leaves out the least important sentences until the rest fits. */
function shorten(sentences: readonly Sentence[], mostWords: number): string[] {
  let kept = [...sentences];
  while (kept.length > 1 && countWords(kept.map(({ text }) => text).join(' ')) > mostWords) {
    const highest = Math.max(...kept.map(({ rank }) => rank));
    kept = kept.filter(({ rank }) => rank !== highest);
  }
  return kept.map(({ text }) => text);
}
