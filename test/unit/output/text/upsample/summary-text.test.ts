import { describe, expect, it } from 'vitest';
import type { UpsampleSummary } from '../../../../../src/core/upsample/upsample-summary.ts';
import { createStyle } from '../../../../../src/output/text/style.ts';
import { formatSummary, savedText } from '../../../../../src/output/text/upsample/summary-text.ts';

describe('formatSummary', () => {
  it.each([
    { engine: 'describe', model: 'describe-1', expected: 'describe (embedded, no model)' },
    { engine: 'openai', model: 'org/model', expected: 'openai, org/model' },
    { engine: 'openai', model: '', expected: 'openai' },
  ])('names the engine $engine with the model "$model"', ({ engine, model, expected }) => {
    expect(text({ engine, model })).toContain(`\n  Engine          ${expected}\n`);
  });

  it.each([
    { rule: 'a complete run has no next step', changes: {}, next: null },
    {
      rule: 'a run that can be resumed says how',
      changes: { status: 'partial', is_resumable: true },
      next: 'cosmos resume run-7',
    },
    {
      rule: 'one that cannot says what helps',
      changes: { status: 'partial', is_resumable: false },
      next: 'run the same command again',
    },
  ] as const)('$rule', ({ changes, next }) => {
    const last = text(changes).trimEnd().split('\n').at(-1) ?? '';
    if (next === null) expect(last).toContain('run-7');
    else expect(last).toContain(next);
    expect(/cosmos resume/.test(last)).toBe(next?.includes('cosmos resume') ?? false);
  });

  it('says how many specs are left out', () => {
    expect(text({ left_out: { count: 95, by: '--limit 5' } })).toContain(
      '! 95 more specs are left out (--limit 5).',
    );
  });

  it('names what can be done with a detached run', () => {
    const shown = text({
      status: 'detached',
      counts: { total: 9, upsampled: 0, reused: 0, skipped: 0, failed: 0 },
    });
    expect(shown).toMatch(/^… 9 specs submitted in/);
    for (const command of ['attach', 'logs', 'cancel']) expect(shown).toContain(`cosmos ${command} run-7`);
  });

  it('does not call lost what is still to come from a host that is away', () => {
    const counts = { total: 9, upsampled: 4, reused: 0, skipped: 0, failed: 0 };
    expect(text({ status: 'detached', counts })).toMatch(/^… 4 upsampled, 5 still to come of 9 specs in/);
  });

  it('tells a next step once, however many specs need it', () => {
    const failures = Array.from({ length: 14 }, (_, index) => ({
      spec: `${index}.json`,
      code: 'spec-invalid',
      message: `${index}.json:2: no comma.`,
      next_step: 'Correct the file.',
    }));
    const shown = text({ status: 'partial', failures });
    expect(shown.match(/Correct the file\./g)).toHaveLength(1);
    expect(shown.split('\n').length).toBeLessThan(30);
  });
});

describe('savedText', () => {
  it.each([
    { done: 24, total: 60, expected: '24 of 60 are saved.' },
    { done: 1, total: 60, expected: '1 of 60 is saved.' },
    { done: 0, total: 1200, expected: '0 of 1,200 are saved.' },
  ])('$expected', ({ done, total, expected }) => expect(savedText(done, total)).toBe(expected));
});

function text(changes: Partial<UpsampleSummary>): string {
  const summary: UpsampleSummary = {
    version: 1,
    kind: 'upsample',
    run_id: 'run-7',
    status: 'complete',
    counts: { total: 3, upsampled: 3, reused: 0, skipped: 0, failed: 0 },
    left_out: null,
    batches: 1,
    engine: 'describe',
    model: 'describe-1',
    output_dir: 'outputs',
    checkpoint: 'checkpoints/run-7/checkpoint.json',
    report: { json: 'report.json', html: 'report.html' },
    started_at: '2026-01-10T09:30:00.000Z',
    duration_ms: 1200,
    token_drift: null,
    failures: [],
    is_resumable: false,
    error: null,
    ending: null,
    host: 'local',
    ...changes,
  };
  return formatSummary(summary, createStyle(false));
}
