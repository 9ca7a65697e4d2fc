import { createWriter } from './phrases.ts';
import { claimsOf } from './prompt-claims.ts';
import { clipSentences, directionSentences, type MeasuredClip } from './sentences.ts';
import { countWords, toSentence } from './user-words.ts';

/**
 * Writes the enriched prompt: the user's words first, whole, then what was measured, as one paragraph in the present
 * tense.
 *
 * Up to 60 words of the user's own, the paragraph has 60 to 110 words. A longer prompt gets 40 to 60 more.
 *
 * @param clip - Null for a prompt without a hint, which gets direction only.
 * @param seed - Chooses among equally good wordings: the same bytes give the same text.
 */
export function composeText(prompt: string, clip: MeasuredClip | null, seed: Uint8Array): string {
  const words = toSentence(prompt);
  const claims = claimsOf(prompt);
  const write = createWriter(seed);
  const seen = clip ? clipSentences(clip, claims, write) : [];
  const sentences = selectWithin(countWords(words), seen, directionSentences(clip !== null, claims, write));
  const added = sentences.join(' ');
  return `${words} ${claims.spelling === 'british' ? toBritish(added) : added}`.trim();
}

/** All that was seen, as far as there is room, and direction where that is too short. */
function selectWithin(ownWords: number, seen: readonly string[], direction: readonly string[]): string[] {
  const room = ownWords <= 60 ? 110 - ownWords : 60;
  const least = Math.max(40, 60 - ownWords);
  const kept: string[] = [];
  let used = 0;
  const add = (sentence: string) => {
    const words = countWords(sentence);
    if (used + words > room) return;
    kept.push(sentence);
    used += words;
  };
  for (const sentence of seen) add(sentence);
  for (const sentence of direction) if (used < least) add(sentence);
  return kept;
}

function toBritish(text: string): string {
  return text
    .replace(/\b([Cc])olor/g, '$1olour')
    .replace(/\bcenter/g, 'centre')
    .replace(/\b([Gg])ray/g, '$1rey');
}
