import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { documentSchemas } from '../../scripts/docs/schemas/documents.ts';
import { readPage, root } from './markdown.ts';

const names = Object.keys(documentSchemas) as (keyof typeof documentSchemas)[];

describe.each(names)('docs/formats/%s.md', (name) => {
  const examples = readPage(`docs/formats/${name}.md`).blocks.flatMap(({ language, text }) => {
    if (language === 'json') return [text];
    return language === 'jsonl' ? text.trim().split('\n') : [];
  });

  it('has an example', () => {
    expect(examples.length).toBeGreaterThan(0);
  });

  it('has examples that the program reads, without a field it does not know', () => {
    for (const example of examples) {
      const document: unknown = JSON.parse(example);
      expect(documentSchemas[name].parse(document)).toEqual(document);
    }
  });
});

it('every page of docs/formats is about a known document', () => {
  const pages = readdirSync(join(root, 'docs', 'formats')).filter((file) => file.endsWith('.md'));
  const others = ['README.md', 'host-layout.md', 'upscale-worker-manifest.md'];
  expect(pages.sort()).toEqual([...names.map((name) => `${name}.md`), ...others].sort());
});

it.each([
  { page: 'events', types: 9 },
  { page: 'run-events', types: 13 },
  { page: 'upscale-events', types: 9 },
  { page: 'upscale-set-events', types: 11 },
])('the page $page shows every type of event', ({ page, types }) => {
  const [block] = readPage(`docs/formats/${page}.md`).blocks.filter(({ language }) => language === 'jsonl');
  const shown = (block?.text ?? '').matchAll(/"type":"([a-z-]+)"/g);
  expect(new Set([...shown].map(([, type]) => type)).size).toBe(types);
});
