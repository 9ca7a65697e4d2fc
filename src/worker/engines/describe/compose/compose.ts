import type { Facts } from '../facts.ts';
import type { Choose } from './chooser.ts';
import { type Outline, outline, type Sentence } from './outline.ts';
import { claimsOf } from './prompt-claims.ts';
import { spell } from './spelling.ts';
import { countWords, toSentence } from './user-words.ts';

/**
 * Writes the enriched prompt: the user's words first, whole, then what was measured, as one paragraph in the
 * present tense.
 *
 * Up to 60 words of the user's own, the paragraph has 60 to 110 words (runs of anything but white space). A longer
 * prompt is kept whole; the measured part then has 40 to 60 words, so the whole passes 110 only by what the user's
 * own words force.
 *
 * @param facts - What is known about the clip; null for a prompt without one, which gets direction only.
 * @param choose - Chooses among equally good wordings; the same choices give the same text.
 */
export function composeText(prompt: string, facts: Facts | null, choose: Choose): string {
  const words = toSentence(prompt);
  const limits = measuredLimits(countWords(words));
  const claims = claimsOf(prompt);
  const sentences = draftWithin(limits, () => outline(facts, claims, choose));
  return [words, ...sentences.map((sentence) => spell(sentence, claims.spelling))]
    .filter((sentence) => sentence !== '')
    .join(' ');
}

interface WordLimits {
  readonly least: number;
  readonly most: number;
}

/** How many words the measured part may have, given the user's. */
function measuredLimits(userWords: number): WordLimits {
  const least = Math.max(40, 64 - userWords);
  if (userWords <= 60) return { least, most: Math.max(50, 106 - userWords) };
  // From 71 words on, 110 is out of reach, and the room is better used.
  return { least, most: userWords <= 70 ? Math.max(45, 110 - userWords) : 60 };
}

/** Far more than any combination of facts has needed in the tests. */
const maxDrafts = 100;

/**
 * Rewords until some of the sentences fit together; wordings differ in length, so the first try nearly always does.
 * Fillers come in only where the rest is too short.
 */
function draftWithin(limits: WordLimits, draft: () => Outline): string[] {
  for (let tries = 1; tries < maxDrafts; tries++) {
    const { sentences, fillers } = draft();
    const fitting = pickFitting(sentences, limits) ?? pickFitting([...sentences, ...fillers], limits);
    if (fitting) return fitting;
  }
  return draft().sentences.map(({ text }) => text);
}

/** The sentences that fit the limits, in order, without the least important ones; null when none fit together. */
function pickFitting(sentences: readonly Sentence[], limits: WordLimits): string[] | null {
  const counts = sentences.map(({ text }) => countWords(text));
  let best: readonly Sentence[] | null = null;
  let bestWorth = 0;
  for (let subset = 1; subset < 2 ** sentences.length; subset++) {
    const isKept = (index: number) => (subset >> index) % 2 === 1;
    const words = counts.reduce((sum, count, index) => (isKept(index) ? sum + count : sum), 0);
    if (words < limits.least || words > limits.most) continue;
    const kept = sentences.filter((_, index) => isKept(index));
    // Powers of two: a sentence is worth more than all that rank behind it.
    const worth = kept.reduce((sum, { rank }) => sum + 2 ** -rank, 0);
    if (worth <= bestWorth) continue;
    best = kept;
    bestWorth = worth;
  }
  return best?.map(({ text }) => text) ?? null;
}
