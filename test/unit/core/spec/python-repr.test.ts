import { describe, expect, it } from 'vitest';
import { pythonRepr } from '../../../../src/core/spec/spec-id.ts';

// Expected values are what Python 3.11 prints.
describe('pythonRepr', () => {
  it.each([
    { rule: 'the empty text', text: '', expected: "''" },
    { rule: 'single quotes by default', text: 'plain', expected: "'plain'" },
    { rule: 'double quotes around a single one', text: "it's", expected: `"it's"` },
    { rule: 'double quotes stay as they are', text: 'say "hi"', expected: `'say "hi"'` },
    { rule: 'with both, the single one is escaped', text: `it's "both"`, expected: `'it\\'s "both"'` },
    { rule: 'backslashes are doubled', text: 'back\\slash', expected: "'back\\\\slash'" },
    { rule: 'line ends by name', text: 'tab\tnew\nline\rret', expected: "'tab\\tnew\\nline\\rret'" },
    { rule: 'control characters in two digits', text: '\x00\x1f\x7f', expected: "'\\x00\\x1f\\x7f'" },
    { rule: 'unprintable Latin-1 too', text: '\x85\xa0\xad', expected: "'\\x85\\xa0\\xad'" },
    { rule: 'letters with accents stay', text: 'café', expected: "'café'" },
    { rule: 'line separators', text: '\u2028\u2029', expected: "'\\u2028\\u2029'" },
    { rule: 'invisible marks', text: '\u200b\u202e\ufeff', expected: "'\\u200b\\u202e\\ufeff'" },
    { rule: 'a wide space is not a space', text: '\u3000', expected: "'\\u3000'" },
    { rule: 'private use', text: '\ue000', expected: "'\\ue000'" },
    { rule: 'unassigned', text: '\u0378', expected: "'\\u0378'" },
    { rule: 'emoji stay', text: '\u{1f327}', expected: "'\u{1f327}'" },
    { rule: 'tags beyond 16 bits in eight digits', text: '\u{e0001}', expected: "'\\U000e0001'" },
    { rule: 'the last code point', text: '\u{10ffff}', expected: "'\\U0010ffff'" },
    { rule: 'half a surrogate pair', text: '\ud800', expected: "'\\ud800'" },
  ])('$rule', ({ text, expected }) => expect(pythonRepr(text)).toBe(expected));
});
