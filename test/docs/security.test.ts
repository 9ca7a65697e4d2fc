import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { root } from './markdown.ts';

const rows = readFileSync(join(root, 'docs/security.md'), 'utf8')
  .split('\n')
  .flatMap((line) => {
    const [, path = '', title = ''] = /\| `(test\/[\w./-]+\.test\.ts)` › ([^|]+) \|$/.exec(line) ?? [];
    return path === '' ? [] : [{ path, title: title.trim() }];
  });

it('each attack that the page on security lists has a test of that name', () => {
  expect(rows.length).toBeGreaterThan(45);
  const untrue = rows.filter(({ path, title }) => !existsSync(join(root, path)) || !hasTest(path, title));
  expect(untrue).toEqual([]);
});

/** Whether the file has a test with this title: `…` are the values that a title is made with. */
function hasTest(path: string, title: string): boolean {
  const text = readFileSync(join(root, path), 'utf8').replaceAll(/\\(['`])/g, '$1');
  const parts = title.split('…').map((part) => part.trim());
  return parts.every((part) => text.includes(part));
}
