import { describe, expect, it } from 'vitest';
import { enrichingRunOf, enrichSpec } from '../../../../src/core/spec/enrich.ts';
import { formatSpec, parseSpec } from '../../../../src/core/spec/parse-spec.ts';
import { sourcePromptOf } from '../../../../src/core/spec/prompt-spec.ts';
import { specIdOf } from '../../../../src/core/spec/spec-id.ts';

const record = {
  run_id: 'run-1',
  task_key: 'k',
  engine: 'openai',
  model: 'm',
  frames_used: 2,
  hint: { sha256: 'h', width: 320, height: 180, frames: 2, generated: true },
  tokens: {
    estimator: 'linear',
    vision: 1992,
    text: 41,
    output_reserved: 300,
    limit: 4096,
    actual_prompt: 552,
    actual_output: 117,
  },
  attempts: 1,
  duration_ms: 812,
  finished_at: '2026-01-01T00:00:00.000Z',
  tool_version: '0.1.0',
};

function enrich(text: string, answer = 'a long text') {
  const parsed = parseSpec(text);
  if (!parsed.isValid) throw new Error(parsed.reason);
  return { source: parsed.spec, enriched: enrichSpec(parsed.document, parsed.spec, answer, record) };
}

describe('enrichSpec', () => {
  it('keeps the order of keys, unknown ones and numbers as they were written', () => {
    const source =
      '{"z":1.0,"prompt":"p","name":"n","seed":12345678901234567890,"metadata":{"take":3},"id":"ps_1"}';
    const { enriched } = enrich(source);
    expect(Object.keys(enriched)).toEqual([
      ...['z', 'prompt', 'name', 'seed', 'metadata', 'id'],
      ...['is_upsampled', 'parent_prompt_text'],
    ]);
    const text = formatSpec(enriched);
    expect(text).toContain('"z": 1.0,');
    expect(text).toContain('"seed": 12345678901234567890,');
    expect(enriched['metadata']).toMatchObject({ take: 3, upsampling: { version: 1 } });
  });

  it('replaces the prompt and remembers it', () => {
    const { enriched } = enrich('{"prompt":"p","id":"ps_old","input_video_path":"v","is_upsampled":false}');
    expect(enriched).toMatchObject({ prompt: 'a long text', parent_prompt_text: 'p', is_upsampled: true });
  });

  it('gives the id of the new prompt and names the old one', () => {
    const { enriched } = enrich(
      '{"prompt":"p","id":"ps_old","input_video_path":"v","control_inputs":{"seg":"s"}}',
    );
    const identity = { prompt: 'a long text', videoPath: 'v', controlInputs: { seg: 's' } };
    expect(enriched['id']).toBe(specIdOf(identity));
    expect(enriched['metadata']).toMatchObject({ upsampling: { parent_id: 'ps_old' } });
  });

  it('writes the record in the documented order', () => {
    const { upsampling } = enrich('{"prompt":"p"}').enriched['metadata'] as { upsampling: object };
    expect(Object.keys(upsampling)).toEqual([
      ...['version', 'run_id', 'task_key', 'parent_id', 'engine', 'model', 'frames_used', 'hint', 'tokens'],
      ...['attempts', 'duration_ms', 'finished_at', 'tool_version'],
    ]);
  });

  it('done again, starts from the words of the user', () => {
    const first = formatSpec(enrich('{"prompt":"the user wrote this"}', 'long text one').enriched);
    const { source, enriched } = enrich(first, 'long text two');
    expect(sourcePromptOf(source)).toBe('the user wrote this');
    expect(enriched).toMatchObject({ prompt: 'long text two', parent_prompt_text: 'the user wrote this' });
  });

  it.each([
    { rule: 'not enriched', text: '{"prompt":"p","parent_prompt_text":"q"}', expected: 'p' },
    { rule: 'enriched', text: '{"prompt":"p","parent_prompt_text":"q","is_upsampled":true}', expected: 'q' },
    { rule: 'enriched, parent lost', text: '{"prompt":"p","is_upsampled":true}', expected: 'p' },
    {
      rule: 'enriched, parent empty',
      text: '{"prompt":"p","parent_prompt_text":" ","is_upsampled":true}',
      expected: 'p',
    },
  ])('the prompt to enrich, $rule', ({ text, expected }) => {
    expect(sourcePromptOf(enrich(text).source)).toBe(expected);
  });

  it('keeps a key named __proto__', () => {
    const { enriched } = enrich('{"__proto__":{"a":1},"prompt":"p"}');
    expect(formatSpec(enriched)).toContain('"__proto__": {');
    expect(Object.getPrototypeOf(enriched)).toBe(Object.prototype);
  });
});

describe('enrichingRunOf', () => {
  it.each([
    { rule: 'a fresh spec has none', text: '{"prompt":"p"}', expected: null },
    {
      rule: 'nor one enriched by others',
      text: '{"prompt":"p","is_upsampled":true,"metadata":{}}',
      expected: null,
    },
    {
      rule: 'nor one whose record was changed',
      text: '{"prompt":"p","is_upsampled":true,"metadata":{"upsampling":{"run_id":7}}}',
      expected: null,
    },
    {
      rule: 'nor one set back by hand',
      text: '{"prompt":"p","is_upsampled":false,"metadata":{"upsampling":{"run_id":"r"}}}',
      expected: null,
    },
    {
      rule: 'an enriched one names it',
      text: '{"prompt":"p","is_upsampled":true,"metadata":{"upsampling":{"run_id":"r"}}}',
      expected: 'r',
    },
  ])('$rule', ({ text, expected }) =>
    expect(enrichingRunOf(enrich(text).source)?.runId ?? null).toBe(expected),
  );
});
