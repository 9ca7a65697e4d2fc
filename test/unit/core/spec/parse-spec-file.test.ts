import { describe, expect, it } from 'vitest';
import { parseSpecFile } from '../../../../src/core/spec/parse-spec.ts';

const latin1 = (text: string) => Buffer.from(text, 'latin1');

describe('parseSpecFile', () => {
  it.each([
    { rule: 'other scripts', text: '{"prompt":"映画 🎬 é"}', prompt: '映画 🎬 é' },
    { rule: 'a replacement character that somebody wrote', text: '{"prompt":"\uFFFD"}', prompt: '\uFFFD' },
    { rule: 'a byte order mark', text: '\uFEFF{"prompt":"p"}', prompt: 'p' },
  ])('takes $rule, and gives the text as it is', ({ text, prompt }) => {
    const parsed = parseSpecFile(Buffer.from(text));
    if (!parsed.isValid) throw new Error(parsed.reason);
    expect(parsed.spec.prompt).toBe(prompt);
    expect(parsed.text).toBe(text);
  });

  it.each([
    { rule: 'Latin-1', bytes: latin1('{\n"name":"n",\n"prompt":"caf\xe9 au lait"}'), line: 3 },
    { rule: 'a letter cut off at the end', bytes: Buffer.from('{"prompt":"é').subarray(0, -1), line: 1 },
    { rule: 'a letter cut off by the end of a line', bytes: latin1('{"a":"\xef\xbf\n"}'), line: 1 },
    { rule: 'UTF-16', bytes: Buffer.from('\uFEFF{"prompt":"p"}', 'utf16le'), line: 1 },
    {
      rule: 'a fault after a replacement character',
      bytes: Buffer.concat([Buffer.from('"\uFFFD"\n'), latin1('\xff')]),
      line: 2,
    },
    { rule: 'half of a pair', bytes: latin1('{"prompt":\n\n"\xed\xa0\x80"}'), line: 3 },
  ])('refuses $rule, with the line', ({ bytes, line }) => {
    expect(parseSpecFile(bytes)).toEqual({ isValid: false, line, reason: 'the file is not UTF-8 text' });
  });
});
