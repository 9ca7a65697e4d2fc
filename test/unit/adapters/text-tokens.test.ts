import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadTextTokenCounter } from '../../../src/adapters/text-tokens.ts';
import { referenceTokenizers } from '../../support/reference-tokenizers.ts';
import { englishPrompts, sampleTexts } from '../../support/sample-texts.ts';

const countTokens = await loadTextTokenCounter();
const references = referenceTokenizers();

describe('the estimate is at most 5 % below every tokenizer of the field', () => {
  it.each(Object.entries(sampleTexts))('%s', (_, text) => {
    expect(shortfalls(text)).toEqual({});
  });

  it.each(Object.entries(sampleTexts))('%s, cut into halves', (_, text) => {
    const middle = Math.floor(text.length / 2);
    expect(shortfalls(text.slice(0, middle))).toEqual({});
    expect(shortfalls(text.slice(middle))).toEqual({});
  });

  it.each(englishPrompts)('%s', (prompt) => expect(shortfalls(prompt)).toEqual({}));

  it('whatever alphabets are mixed', () => {
    fc.assert(
      fc.property(mixedText, (text) => {
        expect(shortfalls(text)).toEqual({});
      }),
      { numRuns: 300, seed: 20_261_121 },
    );
  });

  it('however the samples are put together', () => {
    const sentence = fc.constantFrom(...Object.values(sampleTexts), ...englishPrompts);
    fc.assert(
      fc.property(
        fc.array(sentence, { minLength: 1, maxLength: 4 }),
        fc.constantFrom(' ', '\n', '\r\n\r\n', ''),
        (sentences, joint) => {
          expect(shortfalls(sentences.join(joint))).toEqual({});
        },
      ),
      { seed: 20_261_121 },
    );
  });
});

describe('the estimate is not far above them', () => {
  it('lies in the median less than 10 % above the largest count of English prompts', () => {
    const excesses = englishPrompts.map((prompt) => countTokens(prompt) / largestCount(prompt) - 1);
    expect(median(excesses)).toBeLessThan(0.1);
  });

  it('lies in the median less than 15 % above the count of Pixtral, for English prompts', () => {
    const excesses = englishPrompts.map((prompt) => countTokens(prompt) / tekken(prompt) - 1);
    expect(median(excesses)).toBeLessThan(0.15);
  });

  it.each(Object.entries(sampleTexts))('lies less than a third above the largest count: %s', (_, text) => {
    expect(countTokens(text)).toBeLessThan(largestCount(text) * 1.34);
  });
});

describe('any text', () => {
  it('has a whole number of tokens, none only when it is empty', () => {
    expect(countTokens('')).toBe(0);
    fc.assert(
      fc.property(anyCodeUnits, (text) => {
        const tokens = countTokens(text);
        expect(Number.isSafeInteger(tokens)).toBe(true);
        expect(tokens).toBeGreaterThan(text === '' ? -1 : 0);
      }),
      { numRuns: 1000 },
    );
  });

  it('has at most a token for each byte, and one of grace', () => {
    fc.assert(
      fc.property(anyCodeUnits, (text) => {
        expect(countTokens(text)).toBeLessThanOrEqual(Buffer.byteLength(text) * 2 + 1);
      }),
    );
  });

  it.each(['<|endoftext|>', '<|im_start|>', '[INST]'])('is plain text, even %s', (text) => {
    expect(countTokens(text)).toBeGreaterThan(3);
  });

  it.each([
    ['one letter', 'a', 1_000_000],
    ['blanks', ' ', 1_000_000],
    ['line ends', '\r\n', 500_000],
    ['a combining mark', '\u0301', 500_000],
    ['a family of emoji', '👩‍👩‍👧‍👦', 40_000],
    ['Chinese without a blank', '机器人', 100_000],
    ['letters that never repeat', '', 1_000_000],
  ])('of a megabyte is counted in linear time: %s', (_, unit, times) => {
    const text = unit === '' ? lettersOf(times) : unit.repeat(times);
    const half = countTokens(text.slice(0, text.length / 2));
    expect(countTokens(text) / half).toBeGreaterThan(1.9);
    expect(countTokens(text) / half).toBeLessThan(2.1);
  });

  it('is counted alike again, and by another counter', async () => {
    const another = await loadTextTokenCounter();
    for (const text of Object.values(sampleTexts)) {
      expect(another(text)).toBe(countTokens(text));
      expect(another(text)).toBe(countTokens(text));
    }
  });
});

const anyCodeUnits = fc
  .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 60 })
  .map((units) => String.fromCharCode(...units));

const alphabets = [
  'abcdefghijklmnopqrstuvwxyz     ',
  'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz    ',
  '0123456789.,:- ',
  '!"#$%&\'()*+,-./:;<=>?@[]^_`{|}~  ',
  'àâäçéèêëîïôöùûüßñøåæœšžłąęğışđơưạảấầẩẫậ abcdefghij',
  ' \n\t\r  ',
  `${range(0x410, 0x44f)}  `,
  `${range(0x391, 0x3c9)}  `,
  `${range(0x621, 0x64a)}  `,
  `${range(0x905, 0x94d)}  `,
  range(0xe01, 0xe3a),
  range(0x3041, 0x30fa),
  range(0x4e00, 0x9fa5),
  `${range(0xac00, 0xd7a3)}  `,
  `${range(0x1f600, 0x1f64f)}${range(0x1f3fb, 0x1f3ff)}${range(0x1f1e6, 0x1f1ff)}\u200d\ufe0f `,
];

const mixedText = fc
  .array(
    fc
      .constantFrom(...alphabets)
      .chain((alphabet) => fc.array(fc.constantFrom(...alphabet), { minLength: 20, maxLength: 80 })),
    { minLength: 4, maxLength: 8 },
  )
  .map((parts) => parts.flat().join(''));

function range(first: number, last: number): string {
  return Array.from({ length: last - first + 1 }, (_, index) => String.fromCodePoint(first + index)).join('');
}

/** Letters without a period, from a small generator. */
function lettersOf(length: number): string {
  let state = 1;
  return Array.from({ length }, () => {
    state = (state * 48_271) % 2_147_483_647;
    return String.fromCharCode(97 + (state % 26));
  }).join('');
}

/** The tokenizers that the estimate is more than 5 % below, with their counts. */
function shortfalls(text: string): Record<string, string> {
  const estimate = countTokens(text);
  const short = Object.entries(references)
    .map(([name, count]) => [name, count(text)] as const)
    .filter(([, tokens]) => estimate < 0.95 * tokens);
  return Object.fromEntries(short.map(([name, tokens]) => [name, `${estimate} of ${tokens}: ${text}`]));
}

function largestCount(text: string): number {
  return Math.max(...Object.values(references).map((count) => count(text)));
}

function tekken(text: string): number {
  return references['tekken']?.(text) ?? Number.NaN;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
