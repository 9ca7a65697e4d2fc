import { expect, it } from 'vitest';
import { commandText, commandWords } from '../../../../src/core/retouch/command-words.ts';
import { shellQuoted } from '../../../../src/core/run/shell-quoted.ts';

it.each([
  {
    text: "python3 fill.py '{width}' --name 'a b'",
    words: ['python3', 'fill.py', '{width}', '--name', 'a b'],
  },
  { text: '  "a \\" b"\tc\\ d ', words: ['a " b', 'c d'] },
  { text: "'' x'y'z", words: ['', 'xyz'] },
  { text: '   ', words: [] },
  { text: "'open", words: null },
  { text: 'a $(b) ; c > d', words: ['a', '$(b)', ';', 'c', '>', 'd'] },
])('$text', ({ text, words }) => expect(commandWords(text)).toEqual(words));

it('reads what is written for a shell, and what it writes', () => {
  const words = ['/opt/my programs/fill', "it's", '{width}', '', 'a"b\\c'];
  expect(commandWords(words.map(shellQuoted).join(' '))).toEqual(words);
  expect(commandWords(commandText(words))).toEqual(words);
  expect(commandText(['node', 'fill.mjs', '{width}'])).toBe('node fill.mjs {width}');
});
