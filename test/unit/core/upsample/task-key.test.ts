import { describe, expect, it } from 'vitest';
import { instructionFor, requestText } from '../../../../src/core/upsample/instruction.ts';
import { type TaskIdentity, taskKeyOf } from '../../../../src/core/upsample/task-key.ts';

const task: TaskIdentity = {
  prompt: 'p',
  hintSha256: 'h',
  videoKind: 'video',
  engine: 'openai',
  model: 'm',
  instruction: '',
  temperature: 0.6,
  maxOutputTokens: 300,
};

describe('taskKeyOf', () => {
  it('stays the same over versions: cached answers depend on it', () => {
    expect(taskKeyOf(task)).toBe('557fafa526f01c0db2b9e05b81582bdb73abe030f3bfeafc7d5e342feda3c034');
  });

  it.each([
    { what: 'prompt', change: { prompt: 'q' } },
    { what: 'hint', change: { hintSha256: 'i' } },
    { what: 'absence of a hint', change: { hintSha256: null } },
    { what: 'kind of the video', change: { videoKind: 'edge' } },
    { what: 'engine', change: { engine: 'describe' } },
    { what: 'model', change: { model: 'n' } },
    { what: 'instruction', change: { instruction: 'i' } },
    { what: 'temperature', change: { temperature: 0.7 } },
    { what: 'length of the answer', change: { maxOutputTokens: 301 } },
  ])('depends on the $what', ({ change }) =>
    expect(taskKeyOf({ ...task, ...change })).not.toBe(taskKeyOf(task)),
  );

  it('is the same when nothing more is set, and another one for each thing that is', () => {
    const keyOf = (extras: object) => taskKeyOf({ ...task, extras: { ...extras } });
    expect(keyOf({})).toBe(taskKeyOf(task));
    const sets = [
      { top_p: 0.8 },
      { top_k: 20 },
      { seed: 1 },
      { seed: 2 },
      { extra_body: { a: { b: 1, c: 2 } } },
    ];
    expect(new Set([taskKeyOf(task), ...sets.map(keyOf)]).size).toBe(sets.length + 1);
    expect(keyOf({ extra_body: { a: { c: 2, b: 1 } } })).toBe(keyOf({ extra_body: { a: { b: 1, c: 2 } } }));
  });

  it('cannot be moved from one part to the next', () => {
    expect(taskKeyOf({ ...task, model: 'm","' })).not.toBe(taskKeyOf({ ...task, instruction: '","' }));
  });
});

describe('instructionFor', () => {
  it.each([
    {
      rule: 'a general model is told what to do',
      setting: 'auto',
      model: 'qwen2.5-vl',
      expected: /^You write/,
    },
    {
      rule: "NVIDIA's upsampler is not",
      setting: 'auto',
      model: 'Pixtral-12B-UpsamplePrompt',
      expected: /^$/,
    },
    { rule: 'nor under its other name', setting: 'auto', model: 'cosmos-prompt-upsampler', expected: /^$/ },
    { rule: 'the words of the user win', setting: 'Be brief.', model: 'x', expected: /^Be brief\.$/ },
    { rule: 'also when there are none', setting: '', model: 'x', expected: /^$/ },
  ])('$rule', ({ setting, model, expected }) => expect(instructionFor(setting, model)).toMatch(expected));

  it('stands before the prompt, if at all', () => {
    expect(requestText('', 'p')).toBe('p');
    expect(requestText('Do.', 'p')).toBe('Do.\n\np');
  });
});
