import { describe, expect, it } from 'vitest';
import { askedIn, sampledWith, usualParameters } from '../../../../src/core/inference/parameters.ts';
import { nameOfRun, readRunSpec, runSpecIdOf, runSpecsOf } from '../../../../src/core/inference/run-spec.ts';

const runSpec = { id: 'rs_00000000000a', prompt_id: 'ps_old', parameters: { seed: 3 } };

describe('a file', () => {
  it.each([
    { rule: 'a RunSpec', document: runSpec, expected: { problem: null } },
    {
      rule: 'a RunSpec with a parameter out of range',
      document: { ...runSpec, parameters: { num_steps: 500 } },
      expected: { problem: expect.stringMatching(/^parameters\.num_steps: /) },
    },
    {
      rule: 'a RunSpec without an id',
      document: { prompt_id: 'ps_old', control_weights: {} },
      expected: { problem: expect.stringMatching(/^id: /), runSpec: { id: 'a/x', prompt_id: 'ps_old' } },
    },
  ])('is read as $rule', ({ document, expected }) => {
    expect(readRunSpec('a/x.json', document)).toMatchObject({ spec: 'a/x.json', ...expected });
  });

  it.each([
    { rule: 'a PromptSpec', document: { ...runSpec, prompt: 'Gulls' } },
    { rule: 'a RunSpec of no prompt', document: { id: 'rs_00000000000a' } },
    { rule: 'a list', document: [runSpec] },
    { rule: 'no JSON', document: undefined },
  ])('that is $rule is none', ({ document }) => {
    expect(readRunSpec('x.json', document)).toBeNull();
  });
});

describe('RunSpecs of a spec', () => {
  const found = readRunSpec('x.json', runSpec);
  const byPromptId = new Map([['ps_old', found ? [found] : []]]);
  const enriched = { prompt: 'p', id: 'ps_new', metadata: { upsampling: { parent_id: 'ps_old' } } };

  it.each([
    { rule: 'by its id', spec: { prompt: 'p', id: 'ps_old' }, count: 1 },
    { rule: 'by the id that it had before it was enriched', spec: enriched, count: 1 },
    { rule: 'once, where both are the same', spec: { ...enriched, id: 'ps_old' }, count: 1 },
    { rule: 'not by another id', spec: { prompt: 'p', id: 'ps_new' }, count: 0 },
    { rule: 'not without an id', spec: { prompt: 'p' }, count: 0 },
  ])('are found $rule', ({ spec, count }) => {
    expect(runSpecsOf(spec, byPromptId)).toHaveLength(count);
  });

  it('name its video, or else their ids do', () => {
    expect(found && nameOfRun(found)).toBe('rs_00000000000a');
    const named = readRunSpec('x.json', { ...runSpec, name: ' dusk ' });
    expect(named && nameOfRun(named)).toBe('dusk');
  });
});

it('the id of a RunSpec follows what it depends on', () => {
  const id = runSpecIdOf({ prompt_id: 'ps_old', parameters: { seed: 3 } });
  expect(id).toMatch(/^rs_[0-9a-f]{12}$/);
  expect(runSpecIdOf({ prompt_id: 'ps_old', parameters: { seed: 3, fps: 24 } })).toBe(id);
  expect(runSpecIdOf({ prompt_id: 'ps_old', parameters: { seed: 4 } })).not.toBe(id);
});

it('the last word on a parameter and a weight is that of the RunSpec, then that of the spec', () => {
  const set = { parameters: usualParameters, weights: { vis: 1, edge: 1, depth: 1, seg: 1 } };
  const own = { parameters: { seed: 7, fps: 12 }, control_weights: { depth: 0.6, edge: 0.5 } };
  const run = { parameters: { seed: 3 }, control_weights: { edge: 0.1 } };
  const { parameters, weights } = sampledWith(set, own, run);
  expect(parameters).toEqual({ ...usualParameters, seed: 3, fps: 12 });
  expect(weights).toEqual({ vis: 1, edge: 0.1, depth: 0.6, seg: 1 });
});

it.each([
  {
    rule: 'by itself',
    inference: { parameters: { seed: 7 }, note: 'x' },
    asked: { parameters: { seed: 7 } },
  },
  {
    rule: 'before a run left its record there',
    inference: { run_id: 'r', parameters: { seed: 1, fps: 24 }, asked: { parameters: { seed: 7 } } },
    asked: { parameters: { seed: 7 } },
  },
  {
    rule: 'nothing, where there is only a record',
    inference: { run_id: 'r', parameters: { seed: 1 } },
    asked: {},
  },
  { rule: 'nothing, where there is nothing', inference: undefined, asked: {} },
])('a spec asks for $rule', ({ inference, asked }) => {
  expect(askedIn(inference)).toEqual(asked);
});
