/** Longest run that is encoded as one; it bounds the cost of text without spaces and keeps pieces reusable. */
const maxPieceLength = 24;

/** Costs that are remembered; past this the memory starts empty again, so that hostile text cannot fill it. */
const maxRememberedPieces = 50_000;

/**
 * A cheap upper estimate of how many tokens a vision-language model of the field makes of a text.
 *
 * The text is cut as finely as the strictest of cl100k, o200k, Tekken (Pixtral) and Qwen's tokenizers cuts it: every
 * digit for itself, words at a change of case. Each piece is encoded with cl100k, the smallest of the four
 * vocabularies outside of English. Where another one needs more tokens still, the piece costs more than its cl100k
 * tokens: see `costOfPiece`. Of a sentence or more, the estimate is at most 5 % below the largest of the four counts,
 * and for natural text 0 to 10 % above it.
 *
 * The tokenizer's vocabulary is loaded by this call, not by importing this module. The function returned never throws, takes
 * time linear in the text, and reads special tokens such as `<|endoftext|>` as plain text.
 */
export async function loadTextTokenCounter(): Promise<(text: string) => number> {
  const encodeText = (await import('./cl100k/encode.ts')).openCl100k();
  const costs = new Map<string, number>();
  return (text) => (text === '' ? 0 : countTokens(text, encodeText, costs));
}

function countTokens(
  text: string,
  encodeText: (text: string) => number[],
  costs: Map<string, number>,
): number {
  let total = 0;
  // One at a time: a list of all pieces of a large text would weigh many times the text.
  for (const [piece] of text.matchAll(piecePattern)) {
    let cost = costs.get(piece);
    if (cost === undefined) {
      cost = costOfPiece(piece, encodeText(piece));
      remember(costs, piece, cost);
    }
    total += cost;
  }
  // One token of grace: in a text of a few words a single unlucky one is more than 5 %.
  return Math.ceil(total - 1e-9) + 1;
}

function remember(costs: Map<string, number>, piece: string, cost: number): void {
  if (costs.size >= maxRememberedPieces) costs.clear();
  // A copy: V8 keeps longer pieces as views, which would hold on to the whole text they were cut from.
  costs.set(Buffer.from(piece, 'utf16le').toString('utf16le'), cost);
}

const upper = String.raw`[\p{Lu}\p{Lt}]`;
const lower = String.raw`[\p{Ll}\p{Lm}\p{Lo}\p{M}]`;
const astral = String.raw`\u{10000}-\u{10ffff}`;
const variationSelectors = String.raw`\ufe00-\ufe0f`;
const prefix = String.raw`[^\r\n\p{L}\p{N}\p{M}\p{Cs}${astral}]`;
const symbol = String.raw`[^\s\p{L}\p{N}\p{M}\p{Cs}${astral}]`;
const run = `1,${maxPieceLength}`;

/** Each character of a text belongs to exactly one piece. The first alternative that matches wins. */
const piecePattern = new RegExp(
  [
    `[${astral}${variationSelectors}]`,
    String.raw`\p{N}|\p{Cs}`,
    `${prefix}?(?:${upper}{0,${maxPieceLength}}${lower}{${run}}|${upper}{${run}})`,
    String.raw` ?${symbol}{1,16}\n{0,2}`,
    String.raw`\s{1,16}(?!\S)|\s{1,16}`,
    '[^]',
  ].join('|'),
  'gu',
);

/**
 * What a piece costs, given its cl100k tokens. The surcharges are averages over cl100k's vocabulary: the rarer a
 * token (the higher its rank), the more often Tekken has no such token and splits it.
 */
function costOfPiece(piece: string, ranks: readonly number[]): number {
  if (/\p{Script=Latin}/u.test(piece)) return costOfLatinWord(piece, ranks);
  if (spelledInBytes.test(piece)) return Buffer.byteLength(piece);
  if (/[\p{L}\p{M}\p{N}]/u.test(piece)) return ranks.length;
  if (/\S/.test(piece)) return costOfSymbols(piece, ranks);
  // Tekken merges carriage returns with nothing, and few blanks of different kinds.
  return Math.max(ranks.length, piece.match(/\r|(\s)\1*/g)?.length ?? 0);
}

/** Characters that Tekken, or all of the tokenizers, spell byte by byte: emoji and the scripts they hardly know. */
const spelledInBytes = new RegExp(
  String.raw`[${astral}${variationSelectors}]|(?=[\p{L}\p{M}])[^${[
    'Latin,Greek,Cyrillic,Han,Hiragana,Katakana,Hangul,Arabic,Hebrew,Devanagari,Thai,Bengali,Tamil,Telugu',
    'Kannada,Malayalam,Gujarati,Gurmukhi,Georgian,Armenian,Myanmar,Common,Inherited',
  ]
    .flatMap((names) => names.split(','))
    .map((name) => String.raw`\p{Script=${name}}`)
    .join('')}]`,
  'u',
);

type Surcharge = readonly (readonly [maxRank: number, cost: number])[];

const wordCosts: Surcharge = [
  [30_000, 1],
  [40_000, 1.06],
  [50_000, 1.18],
  [60_000, 1.3],
  [70_000, 1.45],
  [80_000, 1.55],
  [Infinity, 1.7],
];

/** A word that follows no blank, as in `domexception` or `/sponsor`, is rarer as a whole than ` sponsor`. */
const gluedWordCosts: Surcharge = [
  [10_000, 1.04],
  [20_000, 1.1],
  [30_000, 1.17],
  [40_000, 1.3],
  [50_000, 1.45],
  [60_000, 1.55],
  [70_000, 1.65],
  [Infinity, 1.75],
];

const capitalsCosts: Surcharge = [
  [10_000, 1.15],
  [20_000, 1.3],
  [30_000, 1.5],
  [40_000, 1.7],
  [50_000, 1.85],
  [Infinity, 2.1],
];

const symbolCosts: Surcharge = [
  [10_000, 1.05],
  [20_000, 1.2],
  [30_000, 1.4],
  [Infinity, 2],
];

function costOfLatinWord(word: string, ranks: readonly number[]): number {
  if (/(\p{L})\1\1/u.test(word)) return Math.max(sumOfCosts(ranks, wordCosts), word.length / 2);
  if (!/\p{Lu}\p{Lu}/u.test(word)) return costOfLowerCase(word, ranks);
  // Long words in capitals are single tokens only where much source code was learned, with its licences.
  return Math.max(sumOfCosts(ranks, capitalsCosts), word.length >= 6 ? word.length * 0.4 : 0);
}

function costOfLowerCase(word: string, ranks: readonly number[]): number {
  const cost = sumOfCosts(ranks, /^[ \p{Lu}]/u.test(word) ? wordCosts : gluedWordCosts);
  // Random letters: no vocabulary holds them, and which pairs happen to be in one differs.
  const isGibberish = ranks.length > 1 && word.length < 2.5 * ranks.length;
  return isGibberish ? cost + 0.15 : cost;
}

function costOfSymbols(symbols: string, ranks: readonly number[]): number {
  const cost = sumOfCosts(ranks, symbolCosts);
  const isSpelledOut = ranks.length > [...symbols].length;
  return isSpelledOut ? Math.max(cost, Buffer.byteLength(symbols) * 0.9) : cost;
}

function sumOfCosts(ranks: readonly number[], costs: Surcharge): number {
  let sum = 0;
  for (const rank of ranks) sum += costs.find(([maxRank]) => rank < maxRank)?.[1] ?? 1;
  return sum;
}
