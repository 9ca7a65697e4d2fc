import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type DiffSpan, wordDiff } from '../../../../../../src/output/report/page/specs/word-diff.ts';

describe('wordDiff', () => {
  it.each([
    {
      rule: 'the same text is one kept span',
      before: 'a red cube',
      after: 'a red cube',
      expected: '=a red cube',
    },
    {
      rule: 'words around the user’s are added',
      before: 'A robot arm picks up a cube.',
      after: 'A robot arm slowly picks up a cube. Soft light.',
      expected: '=A robot arm |+slowly |=picks up a cube. |+Soft light.',
    },
    {
      rule: 'a replaced word is removed, then added',
      before: 'one red cube here',
      after: 'one blue cube here',
      expected: '=one |-red |+blue |=cube here',
    },
    {
      rule: 'punctuation is a word of its own',
      before: 'a red cube.',
      after: 'a red cube, lit softly.',
      expected: '=a red cube|+, lit softly|=.',
    },
    {
      rule: 'a lone short word between changes joins them',
      before: 'dogs in Rome',
      after: 'cats in Paris',
      expected: '-dogs in Rome|+cats in Paris',
    },
    {
      rule: 'scripts without blanks are compared by word',
      before: '猫が走る',
      after: '猫が速く走る',
      expected: '=猫が|+速く|=走る',
    },
    { rule: 'from nothing everything is added', before: '', after: 'new words', expected: '+new words' },
    { rule: 'to nothing everything is removed', before: 'old words', after: '', expected: '-old words' },
    { rule: 'two empty texts have no spans', before: '', after: '', expected: '' },
    { rule: 'white space alone is no change', before: 'red  cube', after: 'red cube', expected: '=red cube' },
    {
      rule: 'case is a change',
      before: 'Robot arm moves',
      after: 'robot arm moves',
      expected: '-Robot |+robot |=arm moves',
    },
  ])('$rule', ({ before, after, expected }) => expect(short(wordDiff(before, after))).toBe(expected));

  it('rebuilds the new text exactly and the old one word by word', () => {
    const text = fc.array(fc.constantFrom('a', 'the ', 'cube', ' ', '\n', '. ', 'red ', '雨', 'קוף '), {
      maxLength: 30,
    });
    fc.assert(
      fc.property(text, text, (old, next) => {
        const [before, after] = [old.join(''), next.join('')];
        const spans = wordDiff(before, after);
        expect(joined(spans, 'removed')).toBe(after);
        expect(joined(spans, 'added').replace(/\s/g, '')).toBe(before.replace(/\s/g, ''));
      }),
      { seed: 7, numRuns: 500 },
    );
  });

  it('keeps the common ends of texts that are too long to compare in full', () => {
    const words = (name: string) => Array.from({ length: 2_500 }, (_, index) => `${name}${index}`).join(' ');
    const spans = wordDiff(`start ${words('x')} end`, `start ${words('y')} end`);
    expect(spans.map(({ kind }) => kind)).toEqual(['kept', 'removed', 'added', 'kept']);
  });
});

function short(spans: readonly DiffSpan[]): string {
  const marks = { kept: '=', added: '+', removed: '-' };
  return spans.map(({ kind, text }) => marks[kind] + text).join('|');
}

function joined(spans: readonly DiffSpan[], without: DiffSpan['kind']): string {
  return spans
    .filter(({ kind }) => kind !== without)
    .map(({ text }) => text)
    .join('');
}
