import { describe, expect, it } from 'vitest';
import { createSpelling, findLanguageFaults, languageFaults } from '../../../scripts/check-language.ts';

const isWord = createSpelling('ffmpeg upscale');

function faultsOf(text: string, path = 'src/core/a.ts'): readonly string[] {
  return findLanguageFaults([{ path, text }], isWord);
}

describe('phrases', () => {
  it.each([
    { name: 'a message', text: "const a = 1;\nconst b = 'Go on with: cosmos resume';", says: ':2: "Go on"' },
    { name: 'a template', text: 'const a = `Mend $\u007bname}.`;', says: ':1: "Mend"' },
    { name: 'a comment', text: '/**\n * The work goes\n * on.\n */', says: 'say continue' },
    { name: 'a page', path: 'docs/a.md', text: '# A\n\nWhoever comes.\n', says: ':3: "Whoever"' },
    { name: 'a comment of a settings file', path: 'config.toml', text: 'a = 1  # made anew', says: '"anew"' },
  ])('are found in $name', ({ text, path, says }) => {
    expect(faultsOf(text, path)).toEqual([expect.stringContaining(says)]);
  });

  it.each([
    { name: 'a name in the code', text: 'const begun = tidy(nobody);' },
    { name: 'a regular expression', text: 'const a = /goes on/;' },
    { name: 'a part of a word', text: "const a = 'It is recommended: amend the stand-in.';" },
    { name: 'code of a page', path: 'docs/a.md', text: '```\nmend\n```\nA `tidy` one.\n' },
    { name: 'a value of a settings file', path: 'config.toml', text: 'name = "anew"' },
  ])('are not looked for in $name', ({ text, path }) => expect(faultsOf(text, path)).toEqual([]));
});

describe('spelling', () => {
  it.each([
    { name: 'a message', text: "const a = 'The vidoe cannot be read.';", says: '"vidoe" is misspelled' },
    { name: 'a page', path: 'README.md', text: 'One.\n\nRecieve it.\n', says: ':3: "Recieve" is misspelled' },
  ])('is checked in $name', ({ text, path, says }) => {
    expect(faultsOf(text, path)).toEqual([expect.stringContaining(says)]);
  });

  it.each([
    { name: 'words of the project and their forms', text: "const a = 'All were upscaled by ffmpeg.';" },
    { name: 'values in a template', text: 'const a = `There is no run $\u007brunId.lenght} here.`;' },
    {
      name: 'flags, paths, names and settings',
      text: "const a = 'See --vidoe, ./vidoe, a_vidoe and vidoeName.';",
    },
    { name: 'texts of one word', text: "const a = 'vidoe';" },
    { name: 'comments', text: '// The vidoe of the run.' },
  ])('lets pass $name', ({ text }) => expect(faultsOf(text)).toEqual([]));
});

it('the project has none of either', () => expect(languageFaults()).toEqual([]));
