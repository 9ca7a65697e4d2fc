import { describe, expect, it } from 'vitest';
import type { PlannedSpec, UpsamplePlan } from '../../../../../src/core/upsample/upsample-plan.ts';
import { columnsOf } from '../../../../../src/output/text/columns.ts';
import { createStyle } from '../../../../../src/output/text/style.ts';
import { formatPlan } from '../../../../../src/output/text/upsample/plan-text.ts';
import { testRunSettings } from '../../../../support/test-ports.ts';

const plain = createStyle(false);
const longPath = `2026-01-10/${'harbour_at_dawn_'.repeat(5)}8d08.json`;

describe('formatPlan', () => {
  it.each([60, 80, 100])('keeps the table within %i columns by shortening paths in the middle', (columns) => {
    const tooLarge = { code: 'resolution-too-large', message: 'Too large.', next_step: 'Use --auto-resize.' };
    const failing = { ...planned('c.json', 'fail'), failure: tooLarge, batch_id: null };
    const plan = planOf([planned(longPath), planned('b.json'), failing]);
    const table = formatPlan(plan, plain, columns).split('\n\n')[0]?.split('\n') ?? [];
    for (const line of table) expect(columnsOf(line)).toBeLessThanOrEqual(columns);
    expect(table[1]).toMatch(/^2026-0.*…\S*08\.json {2}1920x1080 {2}hint/);
    expect(table[2]).toMatch(/^b\.json /);
    expect(table[3]).toContain(columns < 100 ? ' fail ' : ' resolution-too-large ');
  });

  it.each([
    { rule: 'without a width', columns: undefined },
    { rule: 'where they fit', columns: 200 },
  ])('keeps paths whole $rule', ({ columns }) => {
    expect(formatPlan(planOf([planned(longPath)]), plain, columns)).toContain(`${longPath}  1920x1080`);
  });

  it.each([
    {
      rule: 'what there is none of is not counted',
      specs: [broken('a.json')],
      batches: 0,
      expected: '1 spec: 1 failing.',
    },
    {
      rule: 'all kinds',
      specs: [planned('a.json'), planned('b.json', 'as-is'), planned('c.json', 'skip'), broken('d.json')],
      batches: 1,
      expected: '4 specs: 1 with a hint video, 1 as they are, 1 skipped, 1 failing; 1 batch.',
    },
    { rule: 'nothing at all', specs: [], batches: 0, expected: '0 specs.' },
  ])('$rule', ({ specs, batches, expected }) => {
    expect(formatPlan(planOf(specs, batches), plain).trimEnd().split('\n').at(-1)).toBe(expected);
  });

  it('tells the next step of failures of one kind once', () => {
    const shown = formatPlan(planOf([broken('a.json'), broken('b.json')]), plain);
    expect(shown.match(/→ Correct the file\./g)).toHaveLength(1);
    expect(shown).toContain('    b.json  line 1: no comma.');
  });
});

describe('how tokens were counted', () => {
  const engine = { kind: 'openai', base_url: 'http://127.0.0.1:8000/v1' };
  const openai = { upsampling: { engine, estimator: 'qwen2.5-vl' } };

  it.each([
    { rule: 'is not told of the embedded engine', values: {}, change: {}, shown: null },
    {
      rule: 'is told with the least that a template has',
      values: openai,
      change: {},
      shown: 'Counted by qwen2.5-vl, with 3 tokens for the chat template, and 300 for the answer, of 4096.',
    },
    {
      rule: 'is told with the variant of the server, and what its template was seen to add',
      values: openai,
      change: { server: 'llama.cpp', control_tokens: 27 },
      shown:
        'Counted by qwen2.5-vl@llama.cpp (the server is llama.cpp), with 27 tokens for the chat template, as seen in an earlier run, and 300 for the answer, of 4096.',
    },
    {
      rule: 'is told of a server that counts as the model does',
      values: openai,
      change: { server: 'vllm' },
      shown: 'Counted by qwen2.5-vl (the server is vllm), with 3 tokens',
    },
  ] as const)('$rule', ({ values, change, shown }) => {
    const settings = testRunSettings('/work', values, change);
    const text = formatPlan({ ...planOf([planned('a.json')]), settings }, plain);
    if (shown === null) expect(text).not.toContain('Counted by');
    else expect(text).toContain(shown);
  });
});

function planOf(specs: readonly PlannedSpec[], batches = 0): UpsamplePlan {
  const batch = (id: number) => ({ batch_id: id, total_tokens: 10, specs: ['a.json'] });
  const settings = testRunSettings('/work');
  return {
    inputRoot: '/specs',
    settings,
    specs,
    leftOut: null,
    others: [],
    batches: Array.from({ length: batches }, (_, id) => batch(id)),
  };
}

function planned(spec: string, action: PlannedSpec['action'] = 'hint'): PlannedSpec {
  return {
    spec,
    name: 'a',
    sha256: null,
    action,
    video: {
      path: 'a.mp4',
      width: 1920,
      height: 1080,
      frames: 48,
      duration_seconds: 2,
      frame_rate: 24,
      size_bytes: 9,
      modified_ms: 1,
    },
    hint: { width: 320, height: 180, frames: 2 },
    tokens: { linear: 1992, pixtral: 540, vision: 1992, text: 30, total: 2325 },
    failure: null,
    batch_id: 0,
  };
}

function broken(spec: string): PlannedSpec {
  const failure = { code: 'spec-invalid', message: `${spec}:1: no comma.`, next_step: 'Correct the file.' };
  return { ...planned(spec, 'fail'), video: null, hint: null, tokens: null, failure, batch_id: null };
}
