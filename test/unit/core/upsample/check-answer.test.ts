import { describe, expect, it } from 'vitest';
import { checkAnswer, normalizeText } from '../../../../src/core/upsample/check-answer.ts';
import { tidyAnswer } from '../../../../src/core/upsample/tidy-answer.ts';

const prompt = 'A yellow excavator digs a trench beside a wet road';
const instruction = 'Rewrite the prompt below as one paragraph of plain English';
const good =
  'A yellow excavator digs a narrow trench beside a wet country road under a low grey sky, its steel bucket ' +
  'scooping dark soil while puddles reflect the machine and distant pine trees sway in light wind.';

function check(
  text: string,
  change: Partial<{
    prompt: string;
    instruction: string;
    hasHint: boolean;
    framesUsed: number;
    finishReason: string | null;
    outputTokens: number | null;
    refusal: string | null;
  }> = {},
) {
  const { framesUsed = 2, finishReason = 'stop', outputTokens = null, refusal = null, ...asked } = change;
  return (
    checkAnswer(
      { ...tidyAnswer(text), framesUsed, finishReason, outputTokens, refusal },
      { prompt, instruction: '', hasHint: true, maxOutputTokens: 1000, ...asked },
    )?.code ?? null
  );
}

describe('checkAnswer', () => {
  it.each([
    { rule: 'an enrichment that keeps all words is fine', text: good, code: null },
    { rule: 'nothing at all is empty', text: '', code: 'output-empty' },
    { rule: 'white space is empty', text: ' \n\t ', code: 'output-empty' },
    { rule: 'punctuation is empty', text: '...', code: 'output-empty' },
    { rule: 'the prompt itself is a copy', text: prompt, code: 'output-copied' },
    {
      rule: 'case and punctuation make no difference',
      text: `"${prompt.toUpperCase()}!"`,
      code: 'output-copied',
    },
    { rule: 'one word more is still a copy', text: `${prompt} today`, code: 'output-copied' },
    {
      rule: 'words in another order are still a copy',
      text: 'Beside a wet road a yellow excavator digs a trench',
      code: 'output-copied',
    },
    {
      rule: 'a part of the prompt is a copy',
      text: 'A yellow excavator digs a trench',
      code: 'output-copied',
    },
    {
      rule: 'other words of the same number are none',
      text: 'Rain falls on rusty pipes while two workers lift planks slowly',
      code: null,
    },
  ])('$rule', ({ text, code }) => expect(check(text)).toBe(code));

  it('an answer cut off at the limit is truncated, however good', () => {
    expect(check(good, { finishReason: 'length' })).toBe('output-truncated');
  });

  it('a reason that nobody gave is no fault', () => {
    expect(check(good, { finishReason: null })).toBeNull();
  });

  it('zero frames are a failure before anything else, but not for a text-only task', () => {
    expect(check('', { framesUsed: 0 })).toBe('no-frames');
    expect(check(good, { framesUsed: 0, hasHint: false })).toBeNull();
  });

  it.each([
    { rule: 'the instruction repeated', text: `${instruction}.` },
    { rule: 'instruction and prompt repeated', text: `${instruction}\n\n${prompt}` },
  ])('$rule is a copy', ({ text }) => expect(check(text, { instruction })).toBe('output-copied'));

  it('a long prompt may be kept whole when 20 words are new', () => {
    const long = Array.from({ length: 300 }, (_, at) => `word${at}`).join(' ');
    const added = Array.from({ length: 20 }, (_, at) => `new${at}`).join(' ');
    expect(check(`${long} ${added}`, { prompt: long })).toBeNull();
    expect(check(`${long} new0 new1`, { prompt: long })).toBe('output-copied');
  });

  it('works for scripts without spaces', () => {
    expect(check('一台黄色挖掘机在路边挖沟', { prompt: '一台黄色挖掘机在路边挖沟。' })).toBe('output-copied');
    expect(
      check('清晨的薄雾中，一台黄色挖掘机在湿润的乡间路边缓缓挖掘', { prompt: '一台黄色挖掘机在路边挖沟' }),
    ).toBeNull();
  });
});

describe('normalizeText', () => {
  it.each([
    { rule: 'case, spaces and punctuation go', text: '  A  Red—CAR,\n turns! ', expected: 'a red car turns' },
    { rule: 'forms of one letter are one', text: 'cafe\u0301', expected: 'caf\u00e9' },
    { rule: 'full-width letters are letters', text: 'ＡＢＣ', expected: 'abc' },
    { rule: 'numbers stay', text: '24 fps', expected: '24 fps' },
  ])('$rule', ({ text, expected }) => expect(normalizeText(text)).toBe(expected));
});
