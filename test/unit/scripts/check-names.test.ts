import { describe, expect, it } from 'vitest';
import { findNameFaults } from '../../../scripts/check-names.ts';

function faultsOf(text: string, path = 'src/core/a.ts'): readonly string[] {
  return findNameFaults([{ path, text }]);
}

describe('private words', () => {
  it.each([
    { name: 'a word of an identifier', text: 'const resultShelf = 1;', word: 'shelf' },
    { name: 'several words', text: 'function handOverBatch() {}', word: 'handOver' },
    { name: 'a word in snake case', text: 'const x = { last_words: 1 };', word: 'lastWords' },
    {
      name: 'a word in the code of a template',
      text: 'const a = `$\u007b`one`} b`; const trouble = 1;',
      word: 'trouble',
    },
    { name: 'a property', text: 'run.isAway = true;', word: 'away' },
    { name: 'a type of collaborators', text: 'interface WorkerParts {}', word: 'parts' },
  ])('are found: $name', ({ text, word }) => {
    expect(faultsOf(text)).toEqual([expect.stringContaining(`the private word "${word}"`)]);
  });

  it.each([
    { name: 'file', path: 'src/worker/result-shelf.ts' },
    { name: 'folder', path: 'src/worker/shelf/a.ts' },
  ])('are found in the name of a $name', ({ path }) => {
    expect(faultsOf('', path)).toEqual([expect.stringContaining('say ResultStore')]);
  });

  it.each([
    { name: 'comments', text: '// the shelf\n/** its\n * trouble */' },
    { name: 'texts', text: `const a = "shelf"; const b = 'it\\'s a shelf'; const c = \`shelf\`;` },
    {
      name: 'regular expressions',
      text: `const a = /shelf["'\`]/g; const b = text.replace(/[/'] shelf/, '');`,
    },
  ])('are not looked for in $name', ({ text }) => expect(faultsOf(text)).toEqual([]));

  it.each([
    'printable',
    'soundTrack',
    'lookUp',
    'looksLikeHtml',
    'latest',
    'template',
    'parts',
    'keyboard',
    'seed',
  ])('are no part of the plain word %s', (name) => expect(faultsOf(`const ${name} = 1;`)).toEqual([]));
});

describe('exported names', () => {
  it('stand once, types too', () => {
    const faults = findNameFaults([
      { path: 'src/a.ts', text: 'export interface Route {}\nexport const one = 1;' },
      { path: 'src/b.ts', text: 'export type Route = string;\nconst one = 1;' },
    ]);
    expect(faults).toEqual([expect.stringMatching(/"Route" is exported by src\/a\.ts and src\/b\.ts/)]);
  });

  it('may be a value and a type of the same file', () => {
    expect(faultsOf('export const Kind = 1;\nexport type Kind = 1;')).toEqual([]);
  });
});
