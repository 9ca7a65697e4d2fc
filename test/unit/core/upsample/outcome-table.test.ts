import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type FinishedFacts,
  OutcomeTable,
  type PreparedFacts,
} from '../../../../src/core/upsample/outcome-table.ts';

const hex = (text: string) => createHash('sha256').update(text).digest('hex');
const mark = (text: string) => createHash('sha256').update(text).digest('base64url').slice(0, 16);
const keys = fc.oneof(fc.constantFrom('a', 'b').map(hex), fc.constantFrom('key of old', 'F'.repeat(64), ''));
const marks = fc.oneof(fc.string().map(mark), fc.constantFrom('short', 'sixteen chars!!!'));
const counts = fc.integer({ min: -1, max: 2 ** 32 });

const prepared: fc.Arbitrary<PreparedFacts> = fc.record(
  {
    task_key: keys,
    hint: fc.option(
      fc.record({
        sha256: fc.constantFrom('1', '2').map(hex),
        width: counts,
        height: counts,
        frames: counts,
        generated: fc.boolean(),
      }),
    ),
    max_output_tokens: fc.integer({ min: 1, max: 5 }),
  },
  { requiredKeys: ['task_key', 'hint'] },
);

const finished: fc.Arbitrary<FinishedFacts> = fc.record(
  {
    task_key: keys,
    output: fc.constantFrom('/out/a.json', '/elsewhere/a.json'),
    is_reused: fc.boolean(),
    frames_used: counts,
    model: fc.constantFrom('', 'm', 'n'),
    actual_prompt: fc.option(counts),
    actual_output: fc.option(counts),
    attempts: counts,
    duration_ms: counts,
    reused_from: fc.constantFrom('', 'gpu1'),
    answer_mark: fc.record({ text: marks, input: marks }),
  },
  {
    requiredKeys: [
      ...(['task_key', 'output', 'is_reused', 'frames_used', 'model'] as const),
      ...(['actual_prompt', 'actual_output', 'attempts', 'duration_ms'] as const),
    ],
  },
);

describe('OutcomeTable', () => {
  it('gives back what was put in, whatever keys, marks and numbers there are', () => {
    fc.assert(
      fc.property(
        fc.option(prepared),
        fc.option(finished),
        fc.option(prepared),
        fc.constantFrom(0, 4_095, 4_096, 900_000),
        (first, outcome, second, row) => {
          const table = new OutcomeTable();
          const usual = '/out/a.json';
          table.reopen(row + 1);
          if (first) table.prepare(row, first);
          if (outcome) table.finish(row, outcome, usual);
          if (second) table.prepare(row, second);
          expect(table.prepared(row)).toEqual(second ?? first);
          expect(table.finished(row, usual)).toEqual(outcome);
          expect([table.isReopened(row), table.isReopened(row + 1)]).toEqual([false, true]);
          expect(table.prepared(row + 1)).toBeNull();
        },
      ),
    );
  });
});
