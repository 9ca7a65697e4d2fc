import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  onOneLine,
  printable,
  printableJson,
  withoutHidden,
  withoutStrays,
} from '../../../src/core/printable.ts';
import { hostileCharacters, rawControls } from '../../support/hostile-text.ts';

/** Text with much of what is hidden in it. */
const text = fc
  .array(fc.oneof(fc.constantFrom(...hostileCharacters), fc.string({ unit: 'binary', maxLength: 4 })))
  .map((parts) => parts.join(''));

describe('text from outside', () => {
  it.each(hostileCharacters.map((character) => [character.codePointAt(0)?.toString(16), character]))(
    'U+%s does not reach a terminal, on one line or in JSON',
    (_code, character = '') => {
      const whole = `a${character}b`;
      for (const shown of [printable(whole), onOneLine(whole), printableJson(whole)])
        expect(shown).not.toMatch(rawControls);
      expect(withoutStrays(whole)).not.toMatch(rawControls);
    },
  );

  it('is the same value in JSON, however it is escaped and indented', () => {
    fc.assert(
      fc.property(
        fc.dictionary(text, fc.oneof(text, fc.array(text))),
        fc.constantFrom(undefined, 2),
        (value, space) => {
          const json = printableJson(value, space);
          expect(json.replaceAll('\n', '')).not.toMatch(rawControls);
          expect(JSON.parse(json)).toEqual(JSON.parse(JSON.stringify(value)));
        },
      ),
      { seed: 7 },
    );
  });

  it('has nothing hidden on one line, and comes through otherwise as it is', () => {
    fc.assert(
      fc.property(text, (whole) => {
        expect(printable(whole)).not.toMatch(rawControls);
        expect(printable(printable(whole))).toBe(printable(whole));
      }),
      { seed: 8 },
    );
    expect(printable('提灯 🌧️ café مرحبا עברית ✓ 1️⃣')).toBe('提灯 🌧️ café مرحبا עברית ✓ 1️⃣');
    expect(printable('\u{e0041}\u202e\n')).toBe('\\u{e0041}\\u202e\\n');
  });

  it('keeps colours and line breaks of our own', () => {
    expect(withoutStrays('\u001b[31mred\u001b[39m\n\tx\u202ey\u009b2J\u001b]0;t\u0007\u001b[2J')).toBe(
      '\u001b[31mred\u001b[39m\n\tx\\u202ey\\u009b2J\\u001b]0;t\\u0007\\u001b[2J',
    );
  });
});

describe('a prompt without hidden characters', () => {
  it.each([
    {
      rule: 'controls, tags and marks go',
      text: 'a\u0000\u001b[2J\u202eb\u200bc\ufeff\u{e0041}\u{e007f}d',
      expected: 'a[2Jbcd',
    },
    { rule: 'tabs and line breaks stay', text: 'a\n\tb\r\n', expected: 'a\n\tb\r\n' },
    {
      rule: 'joiners within pictures stay',
      text: '👩\u200d🚀 👩🏽\u200d🚀 ❤️\u200d🔥',
      expected: '👩\u200d🚀 👩🏽\u200d🚀 ❤️\u200d🔥',
    },
    {
      rule: 'joiners within words of scripts that need them stay',
      text: 'می\u200cروم क्\u200dष',
      expected: 'می\u200cروم क्\u200dष',
    },
    { rule: 'joiners elsewhere go', text: 'a\u200db \u200c می\u200c', expected: 'ab  می' },
    { rule: 'halves of pairs go', text: 'x\ud800y\udc00z 🌧', expected: 'xyz 🌧' },
    { rule: 'signs of Arabic numbers stay', text: '\u0600١٢', expected: '\u0600١٢' },
    { rule: 'noncharacters are text', text: 'a\ufffeb', expected: 'a\ufffeb' },
  ])('$rule', ({ text: whole, expected }) => expect(withoutHidden(whole)).toBe(expected));
});
