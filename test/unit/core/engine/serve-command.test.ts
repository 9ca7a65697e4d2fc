import { describe, expect, it } from 'vitest';
import { type ServeOptions, serveCommand } from '../../../../src/core/engine/serve-command.ts';

const options: ServeOptions = {
  command: [],
  model: 'Qwen/Qwen2.5-VL-7B-Instruct',
  maxTokens: 4096,
  frames: 2,
  concurrency: 8,
};

describe('serveCommand', () => {
  it('is vLLM on loopback when nothing is configured', () => {
    expect(serveCommand(options).join(' ')).toBe(
      'vllm serve Qwen/Qwen2.5-VL-7B-Instruct --host 127.0.0.1 --port {port} --max-model-len 4096 ' +
        '--max-num-seqs 8 --limit-mm-per-prompt {"image":2}',
    );
  });

  it.each([
    { model: 'mistralai/Pixtral-12B-2409', isMistral: true },
    { model: '/models/Pixtral-12B-2409', isMistral: true },
    { model: 'nvidia/Pixtral-12B-2409', isMistral: true },
    { model: 'mistralai/Mistral-Small-3.1-24B-Instruct-2503', isMistral: true },
    { model: 'mistral-community/pixtral-12b', isMistral: false },
    { model: 'Qwen/Qwen2.5-VL-7B-Instruct', isMistral: false },
  ])('$model: mistral tokenizer $isMistral', ({ model, isMistral }) => {
    const command = serveCommand({ ...options, model });
    expect(command.slice(-2).join(' ') === '--tokenizer-mode mistral').toBe(isMistral);
  });

  it('fills in a configured command, and leaves other braces alone', () => {
    const command = [
      'serve',
      '--m={model}',
      '{port}',
      '{max_model_len}/{max_num_seqs}',
      '{"image":{frames},"x":{y}}',
    ];
    expect(serveCommand({ ...options, command, model: 'a {port} b $& c' })).toEqual([
      'serve',
      '--m=a {port} b $& c',
      '{port}',
      '4096/8',
      '{"image":2,"x":{y}}',
    ]);
  });

  it.each([
    {
      rule: 'llama.cpp, in arguments of their own',
      command: [
        'llama-server',
        '--parallel',
        '{max_num_seqs}',
        '--ctx-size',
        '{ctx_size}',
        '--port',
        '{port}',
      ],
      expected: ['llama-server', '--parallel', '8', '--ctx-size', '32768', '--port', '{port}'],
    },
    {
      rule: 'llama.cpp, joined to its option',
      command: ['llama-server', '-np={max_num_seqs}', '-c={ctx_size}', '--port={port}'],
      expected: ['llama-server', '-np=8', '-c=32768', '--port={port}'],
    },
    {
      rule: 'SGLang, beside the context of one prompt',
      command: [
        'sglang',
        '--context-length',
        '{max_model_len}',
        '--max-total-tokens',
        '{ctx_size}',
        '{port}',
      ],
      expected: ['sglang', '--context-length', '4096', '--max-total-tokens', '32768', '{port}'],
    },
  ])('gives slots that share one context enough of it: $rule', ({ command, expected }) => {
    expect(serveCommand({ ...options, command })).toEqual(expected);
  });

  it.each([
    { rule: 'an option for a model', change: { model: '--trust-remote-code' }, says: /taken for an option/ },
    { rule: 'a line break in the model', change: { model: 'a\nb' }, says: /cannot be a model/ },
    { rule: 'no model', change: { model: '' }, says: /No model is set/ },
    { rule: 'no place for the port', change: { command: ['serve', '--port', '8000'] }, says: /no \{port\}/ },
  ])('$rule is refused', ({ change, says }) => {
    expect(() => serveCommand({ ...options, ...change })).toThrow(says);
    expect(() => serveCommand({ ...options, ...change })).toThrow(
      expect.objectContaining({ code: 'config-invalid' }),
    );
  });

  it('needs no model where the command names it', () => {
    const command = ['llama-server', '-m', '/models/a.gguf', '--port', '{port}'];
    expect(serveCommand({ ...options, command, model: '' })).toEqual(command);
  });
});
