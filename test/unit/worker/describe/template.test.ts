import { describe, expect, it } from 'vitest';
import { createChooser } from '../../../../src/worker/engines/describe/compose/chooser.ts';
import { expandAll, fill } from '../../../../src/worker/engines/describe/compose/template.ts';

const seed = (byte: number) => new Uint8Array(32).fill(byte);

describe('template', () => {
  it('expands every alternative and fills slots', () => {
    expect(expandAll('[A|B] <x>[|, c].', { x: 'y' })).toEqual(['A y.', 'A y, c.', 'B y.', 'B y, c.']);
  });

  it('fills only with expansions', () => {
    const all = expandAll('[one|two|three] <x> [four|five]', { x: 'and' });
    const choose = createChooser(seed(1));
    const seen = new Set(
      Array.from({ length: 200 }, () => fill(['[one|two|three] <x> [four|five]'], { x: 'and' }, choose)),
    );
    expect([...seen].sort()).toEqual(all.sort());
  });

  it('a slot without a value is a mistake of the table', () => {
    expect(() => fill(['<nothing>'], {}, createChooser(seed(1)))).toThrow('no value for <nothing>');
  });

  it('values are not read as templates', () => {
    expect(fill(['<x>'], { x: '[a|b] <y> $&' }, createChooser(seed(1)))).toBe('[a|b] <y> $&');
  });
});

describe('chooser', () => {
  it('repeats itself for the same seed', () => {
    const [one, other] = [createChooser(seed(5)), createChooser(seed(5))];
    expect(Array.from({ length: 50 }, () => one(7))).toEqual(Array.from({ length: 50 }, () => other(7)));
  });

  it('is a fixed generator: the same numbers on every machine', () => {
    const choose = createChooser(Uint8Array.from({ length: 16 }, (_, index) => index));
    expect(Array.from({ length: 8 }, () => choose(1000))).toMatchInlineSnapshot(`
      [
        297,
        39,
        489,
        677,
        369,
        488,
        576,
        969,
      ]
    `);
  });

  it('uses each of the first 16 bytes', () => {
    const base = JSON.stringify(stream(seed(9)));
    for (let index = 0; index < 16; index++) {
      const changed = seed(9);
      changed[index] = 10;
      expect(JSON.stringify(stream(changed))).not.toBe(base);
    }
  });

  it('spreads evenly', () => {
    const counts = new Float64Array(5);
    const choose = createChooser(seed(2));
    for (let draw = 0; draw < 5000; draw++) {
      const choice = choose(5);
      counts[choice] = (counts[choice] ?? 0) + 1;
    }
    for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(120);
  });
});

function stream(bytes: Uint8Array): number[] {
  const choose = createChooser(bytes);
  return Array.from({ length: 20 }, () => choose(1 << 30));
}
