import fc from 'fast-check';
import { encode } from 'gpt-tokenizer/encoding/cl100k_base';
import { describe, expect, it } from 'vitest';
import { openCl100k } from '../../../src/adapters/cl100k/encode.ts';
import { englishPrompts, sampleTexts } from '../../support/sample-texts.ts';

const encodeText = openCl100k();
// A byte order mark is a token, but gpt-tokenizer leaves it out when it looks tokens up.
const withoutMark = (text: string) => text.replaceAll('\ufeff', '');
const expected = (text: string) => encode(text, { disallowedSpecial: new Set<string>() });

describe('tokens of cl100k are those of gpt-tokenizer', () => {
  it.each([...Object.values(sampleTexts), ...englishPrompts])('%s', (text) =>
    expect(encodeText(withoutMark(text))).toEqual(expected(withoutMark(text))),
  );

  it.each([
    ...['', ' ', 'a', '\n\n\n', '<|endoftext|>', "DON'T'LL", 'x'.repeat(300), '🦀🦀🏽‍🚀', 'ﷺ'.repeat(20)],
    ...['naïve  Straße', '日本語のテキスト', '\u0000\u0001', '\ud800 alone', '0123456789', '\r\n \t end  '],
  ])('%j', (text) => expect(encodeText(text)).toEqual(expected(text)));

  it('whatever the text', () => {
    const text = fc.oneof(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'binary' }), fc.lorem());
    fc.assert(
      fc.property(text, (each) => {
        expect(encodeText(withoutMark(each))).toEqual(expected(withoutMark(each)));
      }),
      { numRuns: 500, seed: 20_261_201 },
    );
  });
});
