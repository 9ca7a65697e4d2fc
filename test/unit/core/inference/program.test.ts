import { describe, expect, it } from 'vitest';
import { familyNamed, familyNames } from '../../../../src/core/inference/families.ts';
import {
  failureIn,
  filledCommand,
  guardrailsOf,
  isProgramMissing,
  isSamePrompt,
  samplingStep,
} from '../../../../src/core/inference/program.ts';

const values = {
  ...{ batch: ['/w/a.json', '/w/b.json'], spec: '/w/s.json', out: '/w/out' },
  ...{ num_gpu: '2', checkpoints: '/c', port: '29501' },
};

describe('a command', () => {
  it('has each path of a batch as an argument, and everything else in its place', () => {
    const command = ['run', '{batch}', '--out={out}', '-n', '{num_gpu}:{port}', '{unknown}', '{checkpoints}'];
    expect(filledCommand(command, values)).toEqual([
      ...['run', '/w/a.json', '/w/b.json', '--out=/w/out', '-n', '2:29501', '{unknown}', '/c'],
    ]);
  });

  it.each(familyNames)('of %s says where input and output are, and has no placeholder left', (name) => {
    for (const gpus of [1, 8]) {
      const filled = filledCommand(familyNamed(name).command(gpus), values);
      expect(filled).toContain('/w/a.json');
      expect(filled.join(' ')).not.toMatch(/[{}]/);
      if (name !== 'predict2') expect(filled).toContain('/w/out');
    }
  });

  it('says whether it keeps the guardrails', () => {
    expect(guardrailsOf([])).toBe('on');
    expect(guardrailsOf(['python', 'x.py'])).toBe('unknown');
    expect(guardrailsOf(['python', 'x.py', '--disable-guardrails'])).toBe('off');
    expect(guardrailsOf(['python', 'x.py', '--disable_guardrail'])).toBe('off');
  });
});

it.each([
  ['[07-01|CRITICAL] Guardrail blocked video2world generation. Prompt: "…"', 'prompt-blocked'],
  ['Input prompt is not safe', 'prompt-blocked'],
  ['torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 20.00 GiB', 'out-of-memory'],
  ['RuntimeError: CUDA error: out of memory', 'out-of-memory'],
  ['Loading guardrail models', null],
  ['--offload-guardrail-models', null],
  ['saved video to out/a.mp4', null],
] as const)('the line %s says %s', (line, failure) => {
  expect(failureIn(line)).toBe(failure);
});

it.each([
  [' 37%|███▋      | 13/35 [00:12<00:21,  1.02it/s]', 35, 13],
  ['Sampling: 100%|██████████| 35/35 [00:30<00:00,  1.16it/s]', 35, 35],
  ['Loading checkpoint shards:  50%|█████     | 1/2 [00:01<00:01]', 35, null],
  ['13/35', 35, null],
] as const)('the line %s of %d steps shows step %s', (line, steps, step) => {
  expect(samplingStep(line, steps)).toBe(step);
});

it('a prompt is the same whatever became of its spaces', () => {
  expect(isSamePrompt('Cranes  at\r\ndawn \n', 'Cranes at dawn')).toBe(true);
  expect(isSamePrompt('Cranes at dusk', 'Cranes at dawn')).toBe(false);
});

it.each([
  ["/usr/bin/python: can't open file '/w/examples/inference.py': [Errno 2] No such file or directory", true],
  [
    "python: Error while finding module specification for 'examples.video2world' (ModuleNotFoundError: No module named 'examples')",
    true,
  ],
  ["ModuleNotFoundError: No module named 'torch'", true],
  ['RuntimeError: CUDA driver version is insufficient', false],
  ["FileNotFoundError: [Errno 2] No such file or directory: 'checkpoints'", false],
] as const)('the last lines %s say that the program is missing: %s', (tail, isMissing) => {
  expect(isProgramMissing(tail)).toBe(isMissing);
});
