import { onOneLine } from '../printable.ts';
import type { TidyAnswer } from './tidy-answer.ts';

/** An answer to check, already cleaned. */
interface CheckedAnswer extends TidyAnswer {
  /** What the model said instead of an answer, where its server tells that apart. */
  readonly refusal?: string | null;
  /** Frames the engine used. */
  readonly framesUsed: number;
  readonly finishReason: string | null;
  /** Tokens of the answer, reasoning included; null where the engine does not count. */
  readonly outputTokens: number | null;
}

interface AskedFor {
  readonly prompt: string;
  /** Text sent before the prompt; may be empty. */
  readonly instruction: string;
  readonly hasHint: boolean;
  readonly maxOutputTokens: number;
}

interface OutputFault {
  readonly code:
    | 'no-frames'
    | 'output-empty'
    | 'output-truncated'
    | 'output-filtered'
    | 'output-refused'
    | 'output-copied'
    | 'context-exceeded';
  readonly message: string;
}

/** A copy is at most this many times as long as what it copies. */
const copyLengthRatio = 1.2;
/** Share of words that a copy has in common with its source. */
const copyShare = 0.9;
/** An answer with this many words of its own is an enrichment, however long the prompt was. */
const ownWordsOfAnEnrichment = 20;

/** The first thing that is wrong with an answer, or null. Frames first: without them the text is fiction. */
export function checkAnswer(answer: CheckedAnswer, asked: AskedFor): OutputFault | null {
  if (asked.hasHint && answer.framesUsed === 0) {
    return { code: 'no-frames', message: 'The engine answered without seeing a frame of the video.' };
  }
  const refusal = answer.refusal ?? refusalIn(answer.text);
  if (refusal !== null) return { code: 'output-refused', message: `The model refuses: ${quoted(refusal)}` };
  const words = wordsOf(answer.text);
  const soFar = words.length === 0 ? 'before its first word' : `after ${words.length} words`;
  if (answer.finishReason === 'content_filter') {
    return { code: 'output-filtered', message: `The server's content filter ended the answer ${soFar}.` };
  }
  if (answer.finishReason === 'length' || answer.isUnfinishedReasoning) return cutOff(answer, asked, soFar);
  if (words.length === 0) return { code: 'output-empty', message: "The engine's answer was empty." };
  const copied = copiedSource(words, asked);
  if (!copied) return null;
  return { code: 'output-copied', message: `The answer repeats the ${copied} instead of enriching it.` };
}

/** An answer that is shorter than it was allowed to be ended because the context was full. */
function cutOff(answer: CheckedAnswer, asked: AskedFor, soFar: string): OutputFault {
  const { outputTokens } = answer;
  if (answer.finishReason === 'length' && outputTokens !== null && outputTokens < asked.maxOutputTokens) {
    return {
      code: 'context-exceeded',
      message: `The server's context was full ${soFar}: the answer has ${outputTokens} of ${asked.maxOutputTokens} tokens that it may have.`,
    };
  }
  const doing = answer.isUnfinishedReasoning ? ', while the model was still thinking,' : '';
  return {
    code: 'output-truncated',
    message: `The answer was cut off ${soFar}${doing} because it reached the output limit.`,
  };
}

/** How models begin when they will not, or cannot, do what they are asked; a refusal then says what. */
const refusals = [
  /^(?:(?:i(?:['’]m| am)|we(?:['’]re| are)) )?(?:(?:really|so|very|truly) )?(?:sorry|afraid)\b[^.!?\n]{0,60}\b(?:can(?:['’]?t|not| not)|unable|not able|won['’]t|not allowed|don['’]t)\b/i,
  /^(?:unfortunately,? |apologies,? (?:but )?|my apologies,? (?:but )?|sorry,? (?:but )?|as an? (?:\w+ ){0,3}(?:ai|model|assistant)\b[^.!?\n]{0,40}, )?i(?:['’]m| am)? (?:can(?:['’]?t|not| not)|unable to|not able to|won['’]t|do(?:n['’]t| not) have the (?:ability|capability)|must decline|have to decline)\b/i,
  /^i (?:apologi[sz]e|must apologi[sz]e)\b[^.!?\n]{0,60}\b(?:can(?:['’]?t|not| not)|unable|not able)\b/i,
  /^(?:很?抱歉|对不起|對不起)[，,\s]*(?:但|可是)?[，,]?(?:我|作为|作為)?[^。\n]{0,20}(?:无法|無法|不能)/,
  /^(?:申し訳|すみませんが)[^。\n]{0,40}(?:できません|できかねます|いたしかねます)/,
  /^(?:es tut mir (?:sehr )?leid|tut mir leid|leider)\b[^.!?\n]{0,40}\b(?:kann|darf)\b[^.!?\n]{0,60}\bnicht\b/i,
  /^(?:je suis (?:vraiment )?)?désolée?[\s,][^.!?\n]{0,40}\bne (?:peux|suis)\b/i,
  /^(?:lo siento|lo lamento)\b[^.!?\n]{0,30}\bno puedo\b/i,
  /^(?:извините|простите|к сожалению)[^.!?\n]{0,30}не (?:могу|можем)/i,
];

/** A text that begins as a refusal; null for any other. Something that a person in the scene says is in quotes. */
function refusalIn(text: string): string | null {
  return refusals.some((refusal) => refusal.test(text)) ? text : null;
}

const longestQuote = 160;

function quoted(text: string): string {
  const line = onOneLine(text);
  return line.length > longestQuote ? `${line.slice(0, longestQuote)}…` : line;
}

/** A text as far as it matters for "the same text": lower-case words, single spaces, no punctuation. */
export function normalizeText(text: string): string {
  return wordsOf(text).join(' ');
}

function copiedSource(words: readonly string[], asked: AskedFor): string | null {
  const prompt = wordsOf(asked.prompt);
  if (isNearCopy(words, prompt)) return 'prompt';
  if (asked.instruction === '') return null;
  const instruction = wordsOfInstruction(asked.instruction);
  const sources = [instruction, [...instruction, ...prompt]];
  return sources.some((source) => isNearCopy(words, source)) ? 'instruction' : null;
}

/** The same instruction comes with every prompt of a run. */
let lastInstruction: { readonly text: string; readonly words: readonly string[] } | null = null;

function wordsOfInstruction(text: string): readonly string[] {
  if (lastInstruction?.text !== text) lastInstruction = { text, words: wordsOf(text) };
  return lastInstruction.words;
}

function isNearCopy(words: readonly string[], source: readonly string[]): boolean {
  if (source.length === 0 || words.length >= source.length * copyLengthRatio) return false;
  const shared = countShared(words, source);
  if (words.length - shared >= ownWordsOfAnEnrichment) return false;
  const similarity = (2 * shared) / (words.length + source.length);
  return similarity >= copyShare || shared / words.length >= copyShare;
}

/** Words in common, each counted as often as both have it. */
function countShared(words: readonly string[], source: readonly string[]): number {
  const left = new Map<string, number>();
  for (const word of source) left.set(word, (left.get(word) ?? 0) + 1);
  let shared = 0;
  for (const word of words) {
    const count = left.get(word) ?? 0;
    if (count === 0) continue;
    left.set(word, count - 1);
    shared += 1;
  }
  return shared;
}

/** Words in lower case. Scripts written without spaces count one word per character. */
function wordsOf(text: string): readonly string[] {
  // The same as below, in a fraction of the time.
  if (!beyondAscii.test(text)) return text.toLowerCase().match(/[a-z0-9]+/g) ?? [];
  const pattern =
    /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]|[\p{L}\p{N}\p{M}]+/gu;
  return text.normalize('NFKC').toLowerCase().match(pattern) ?? [];
}

const beyondAscii = /[\u0080-\uffff]/;
