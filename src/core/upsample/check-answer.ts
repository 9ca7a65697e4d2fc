/** Removals wrap one another (a fence around a quoted text behind a preface); more layers are no model's habit. */
const maxLayers = 4;

const adjective = '(?:enhanced|enriched|improved|upsampled|detailed|refined|expanded|rewritten|revised)';

const noun = '(?:video |text |cosmos )?(?:prompt|description|caption|version)';

const prefaces = [
  // "Sure! Here is the enhanced prompt for your video:"
  new RegExp(
    `^(?:(?:sure|certainly|of course|okay|absolutely)\\b[,.!]*\\s*)?(?:here(?:'s|’s| is)|below is)\\s+(?:the|your|an?|my)\\s+(?:\\w+,?\\s+){0,3}?${adjective}\\s+(?:\\w+\\s+){0,2}?${noun}\\b[^:.\\n]{0,60}:\\**\\s*`,
    'i',
  ),
  // "**Enhanced Prompt:**"
  new RegExp(`^[*#_\\s]*${adjective}\\s+${noun}\\s*[*_]*:[*_]*\\s*`, 'i'),
];

const quotePairs: readonly (readonly [string, string])[] = [
  ['"', '"'],
  ['“', '”'],
  ['«', '»'],
  ["'", "'"],
  ['‘', '’'],
];

/** An answer to check, already tidied. */
interface CheckedAnswer {
  readonly text: string;
  /** Frames the engine used. */
  readonly framesUsed: number;
  readonly finishReason: string | null;
}

interface AskedFor {
  readonly prompt: string;
  /** Text sent before the prompt; may be empty. */
  readonly instruction: string;
  readonly hasHint: boolean;
}

interface OutputFault {
  readonly code: 'no-frames' | 'output-empty' | 'output-truncated' | 'output-copied';
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
    return { code: 'no-frames', message: 'The engine answered without looking at a frame of the video.' };
  }
  const words = wordsOf(answer.text);
  if (words.length === 0) return { code: 'output-empty', message: 'The engine answered without a word.' };
  if (answer.finishReason === 'length') {
    return {
      code: 'output-truncated',
      message: `The answer was cut off after ${words.length} words because it reached the output limit.`,
    };
  }
  const copied = copiedSource(words, asked);
  if (!copied) return null;
  return { code: 'output-copied', message: `The answer repeats the ${copied} instead of enriching it.` };
}

/** A text as far as it matters for "the same text": lower-case words, single spaces, no punctuation. */
export function normalizeText(text: string): string {
  return wordsOf(text).join(' ');
}

function copiedSource(words: readonly string[], asked: AskedFor): string | null {
  if (isNearCopy(words, wordsOf(asked.prompt))) return 'prompt';
  if (asked.instruction === '') return null;
  const sources = [asked.instruction, `${asked.instruction} ${asked.prompt}`];
  return sources.some((source) => isNearCopy(words, wordsOf(source))) ? 'instruction' : null;
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
  const pattern =
    /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]|[\p{L}\p{N}\p{M}]+/gu;
  return text.normalize('NFKC').toLowerCase().match(pattern) ?? [];
}

/**
 * The enriched prompt out of a chatty answer: without reasoning blocks, a fence or quotes around the whole text,
 * or a sentence that announces it. Conservative: what is not clearly wrapping stays, and a wrapping around
 * nothing stays too. Reasoning is the exception: an answer that never came out of it is empty.
 */
export function tidyAnswer(text: string): string {
  let tidy = withoutReasoning(text).trim();
  for (let layer = 0; layer < maxLayers; layer += 1) {
    const inner = withoutQuotes(withoutPreface(withoutFence(tidy)));
    if (inner === tidy || inner === '') break;
    tidy = inner;
  }
  return tidy;
}

function withoutReasoning(text: string): string {
  const closed = text.replaceAll(/<think(?:ing)?>[\s\S]*?<\/think(?:ing)?>/gi, '');
  // Some chat templates swallow the opening tag; an unclosed block means that the answer never began.
  const lastEnd = Math.max(endOfLast(closed, '</think>'), endOfLast(closed, '</thinking>'));
  return closed.slice(lastEnd).replace(/^\s*<think(?:ing)?>[\s\S]*$/i, '');
}

function endOfLast(text: string, tag: string): number {
  const index = text.toLowerCase().lastIndexOf(tag);
  return index === -1 ? 0 : index + tag.length;
}

function withoutFence(text: string): string {
  const match = /^```[\w-]*[ \t]*\n([\s\S]*?)\n?```$/.exec(text);
  const inner = match?.[1];
  return inner === undefined || inner.includes('```') ? text : inner.trim();
}

function withoutPreface(text: string): string {
  for (const preface of prefaces) {
    const rest = text.replace(preface, '').trim();
    if (rest !== '' && rest !== text) return rest;
  }
  return text;
}

function withoutQuotes(text: string): string {
  for (const [open, close] of quotePairs) {
    if (text.length < 3 || !text.startsWith(open) || !text.endsWith(close)) continue;
    const inner = text.slice(1, -1);
    if (!inner.includes(open) && !inner.includes(close)) return inner.trim();
  }
  return text;
}
