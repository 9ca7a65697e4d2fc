import { describe, expect, it } from 'vitest';
import { columnsOf, cutInMiddle, meter } from '../../../../src/output/text/columns.ts';
import { inAscii, showsUnicode } from '../../../../src/output/text/terminal-signs.ts';

describe('showsUnicode', () => {
  it.each([
    { env: {}, platform: 'linux', expected: true },
    { env: { LANG: 'C' }, platform: 'linux', expected: false },
    { env: { LANG: 'POSIX' }, platform: 'linux', expected: false },
    { env: { LANG: 'C.UTF-8' }, platform: 'linux', expected: true },
    { env: { LANG: 'en_US.UTF-8', LC_ALL: 'C' }, platform: 'linux', expected: false },
    { env: { LANG: 'C', LC_CTYPE: 'de_DE.utf8' }, platform: 'darwin', expected: true },
    { env: { LANG: 'de_DE.ISO-8859-1' }, platform: 'linux', expected: false },
    { env: {}, platform: 'win32', expected: false },
    { env: { WT_SESSION: '1' }, platform: 'win32', expected: true },
  ] as const)('$env on $platform: $expected', ({ env, platform, expected }) =>
    expect(showsUnicode(env, platform)).toBe(expected),
  );
});

describe('inAscii', () => {
  it('has no sign of its own left, and takes as many columns', () => {
    const line = `✓ ${meter(0.5, 10)} 3 · 4 — ${cutInMiddle('a-long-name-of-a-file.json', 12)} ✗ → 2×3`;
    expect(inAscii(line)).toMatch(/^[\x20-\x7e]+$/);
    expect(columnsOf(inAscii(line))).toBe(columnsOf(line));
    expect(inAscii(line)).toBe('+ #####..... 3 | 4 - a-lon~e.json x > 2x3');
  });

  it('has three dots where an ellipsis is a word of its own', () => {
    expect(inAscii('… and 3 more')).toBe('... and 3 more');
  });

  it('leaves names from elsewhere as they are', () => {
    expect(inAscii('城市.json — é')).toBe('城市.json - é');
  });
});
