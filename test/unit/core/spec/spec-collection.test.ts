import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  collectionIn,
  elementBytes,
  isArrayFile,
  numbersIn,
  parseElement,
} from '../../../../src/core/spec/spec-collection.ts';

const bytes = (text: string) => new TextEncoder().encode(text);

/** The elements of a file by their numbers, and what is wrong with those that are none. */
function read(text: string, path: string) {
  const collection = collectionIn(bytes(text), path);
  const numbers = [...numbersIn(collection)];
  expect(collection.count).toBe(numbers.length);
  return numbers.map((number) => {
    const parsed = parseElement(collection, number);
    return parsed.isValid ? [number, parsed.spec.prompt] : [number, `${parsed.line}: ${parsed.reason}`];
  });
}

describe('JSONL', () => {
  it.each([
    {
      rule: 'a spec a line',
      text: '{"prompt":"a"}\n{"prompt":"b"}\n',
      expected: [
        [1, 'a'],
        [2, 'b'],
      ],
    },
    {
      rule: 'no newline at the end',
      text: '{"prompt":"a"}\n{"prompt":"b"}',
      expected: [
        [1, 'a'],
        [2, 'b'],
      ],
    },
    {
      rule: 'lines of Windows and a mark',
      text: '\uFEFF{"prompt":"a"}\r\n{"prompt":"b"}\r\n',
      expected: [
        [1, 'a'],
        [2, 'b'],
      ],
    },
    {
      rule: 'blank lines keep their number',
      text: '\n{"prompt":"a"}\n  \n{"prompt":"b"}',
      expected: [
        [2, 'a'],
        [4, 'b'],
      ],
    },
    { rule: 'nothing', text: '\n \n', expected: [] },
  ])('$rule', ({ text, expected }) => expect(read(text, 'a.jsonl')).toEqual(expected));

  it('a broken line is named, and no end of the others', () => {
    const lines = ['{"prompt":"a"}', '{"prompt":', '{"prompt":""}', '5', '{"prompt":"b"}'];
    expect(read(lines.join('\n'), 'a.jsonl')).toEqual([
      [1, 'a'],
      [2, expect.stringMatching(/^2: not valid JSON/)],
      [3, '3: not a PromptSpec: "prompt" is empty'],
      [4, expect.stringMatching(/^4: not a PromptSpec/)],
      [5, 'b'],
    ]);
  });
});

describe('a JSON array', () => {
  it.each([
    { rule: 'is told from a spec', text: ' \n[1]', expected: true },
    { rule: 'behind a mark', text: '\uFEFF[', expected: true },
    { rule: 'one spec is none', text: '{"prompt":"[1]"}', expected: false },
    { rule: 'nothing is none', text: '', expected: false },
  ])('$rule', ({ text, expected }) => expect(isArrayFile(bytes(text))).toBe(expected));

  it('has its specs, told apart outside of texts and of one another', () => {
    const text = '[\n {"prompt":"a, ]} \\" [", "metadata": {"x": [1, {"y": 2}]}},\n {"prompt":"b"}\n]\n';
    expect(read(text, 'a.json')).toEqual([
      [1, 'a, ]} " ['],
      [2, 'b'],
    ]);
  });

  it.each([
    { rule: 'is empty', text: '[ ]', expected: [] },
    { rule: 'has a comma too many', text: '[{"prompt":"a"},]', expected: [[1, 'a']] },
    {
      rule: 'has a broken one',
      text: '[{"prompt":"a"},\n{"prompt": },\n{"prompt":"b"}]',
      expected: [
        [1, 'a'],
        [2, expect.stringMatching(/^2: not valid JSON/)],
        [3, 'b'],
      ],
    },
    {
      rule: 'is cut off',
      text: '[{"prompt":"a"},\n\n{"prompt":"b',
      expected: [
        [1, 'a'],
        [2, expect.stringMatching(/^3: not valid JSON/)],
      ],
    },
  ])('$rule', ({ text, expected }) => expect(read(text, 'a.json')).toEqual(expected));
});

it('gives each spec back byte by byte, however it is written', () => {
  const prompts = fc.array(fc.string({ minLength: 1, unit: 'binary' }), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(prompts, fc.constantFrom(undefined, 2), (list, indent) => {
      const array = collectionIn(
        bytes(
          JSON.stringify(
            list.map((prompt) => ({ prompt })),
            null,
            indent,
          ),
        ),
        'a.json',
      );
      const lines = collectionIn(
        bytes(list.map((prompt) => `${JSON.stringify({ prompt })}\n`).join('')),
        'a.jsonl',
      );
      for (const collection of [array, lines]) {
        const found = [...numbersIn(collection)].map((number) =>
          JSON.parse(new TextDecoder().decode(elementBytes(collection, number) ?? new Uint8Array())),
        );
        expect(found).toEqual(list.map((prompt) => ({ prompt })));
      }
    }),
    { seed: 1, numRuns: 200 },
  );
});
