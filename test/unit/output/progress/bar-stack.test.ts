import { describe, expect, it } from 'vitest';
import { barLine } from '../../../../src/output/progress/bar-stack.ts';
import { columnsOf } from '../../../../src/output/text/columns.ts';

describe('barLine', () => {
  it.each([
    { columns: 60, bar: '█████░░░░░' },
    { columns: 80, bar: '██████████░░░░░░░░░░' },
    { columns: 120, bar: '███████████████░░░░░░░░░░░░░░░' },
  ])('has a bar that suits $columns columns', ({ columns, bar }) => {
    expect(barLine({ what: 'Prompts', done: 15, total: 30, text: '15 done' }, columns)).toBe(
      ` Prompts ${bar} 15 done`,
    );
  });

  it.each([60, 80, 100])('keeps to %i columns whatever the text', (columns) => {
    const line = barLine({ what: 'Engine', done: 0, total: null, text: '城市 away '.repeat(40) }, columns);
    expect(columnsOf(line)).toBeLessThan(columns);
    expect(line).toMatch(/^ Engine {2}城市 away .*…$/);
  });

  it.each([
    { rule: 'is full where there is nothing to do', done: 0, total: 0, bar: '██████████' },
    { rule: 'is empty at first', done: 0, total: 9, bar: '░░░░░░░░░░' },
    { rule: 'is full only at the end', done: 99, total: 100, bar: '█████████░' },
    { rule: 'never exceeds itself', done: 12, total: 10, bar: '██████████' },
  ])('$rule', ({ done, total, bar }) => {
    expect(barLine({ what: 'Hints', done, total, text: 'x' }, 60)).toBe(` Hints   ${bar} x`);
  });
});
