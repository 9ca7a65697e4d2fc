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
