import { describe, expect, it } from 'vitest';
import { resolveSettings } from '../../../../src/core/settings/resolve-settings.ts';
import { AppError } from '../../../../src/errors/app-error.ts';

const layer = (values: unknown, source = 'config.toml') => ({ source, values });

function refusal(values: unknown): AppError {
  try {
    resolveSettings([layer(values)]);
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
  throw new Error('it was taken');
}

describe('resolveSettings', () => {
  it('without layers gives the defaults', () => {
    const { upsampling, retry, cache, hosts } = resolveSettings([]);
    expect(upsampling).toMatchObject({ max_tokens: 4096, safe_resolution: '320x180', frames_to_extract: 2 });
    expect(upsampling).toMatchObject({ fps_for_hints: 2, batch_size: 10, auto_resize: true });
    expect(upsampling.checkpoint_dir).toBe('./checkpoints');
    expect(upsampling.docker).toEqual({ num_gpu: 1, cuda_devices: '0', offload_models: true });
    expect(upsampling.engine.kind).toBe('describe');
    expect(retry.max_attempts).toBe(5);
    expect(cache.max_size_gb).toBe(2);
    expect(hosts).toEqual({});
  });

  it('lets later layers win, key by key', () => {
    const settings = resolveSettings([
      layer({ upsampling: { batch_size: 3, max_tokens: 8192, engine: { model: 'a', concurrency: 2 } } }),
      layer({ upsampling: { batch_size: 4, engine: { model: 'b' } } }),
      layer({ upsampling: { engine: {} } }),
    ]);
    expect(settings.upsampling).toMatchObject({ batch_size: 4, max_tokens: 8192 });
    expect(settings.upsampling.engine).toMatchObject({ model: 'b', concurrency: 2 });
  });

  it('replaces lists whole', () => {
    const command = (words: string[]) => layer({ upsampling: { engine: { command: words } } });
    const settings = resolveSettings([command(['vllm', 'serve']), command(['x'])]);
    expect(settings.upsampling.engine.command).toEqual(['x']);
  });

  it('merges hosts by name and fills in their defaults', () => {
    const { hosts } = resolveSettings([
      layer({ hosts: { gpu1: { user: 'ubuntu', port: 2222 } } }),
      layer({ hosts: { gpu1: { port: 22 }, gpu2: {} } }),
    ]);
    expect(hosts['gpu1']).toMatchObject({ user: 'ubuntu', port: 22, remote_root: '~/.cosmos' });
    expect(Object.keys(hosts)).toEqual(['gpu1', 'gpu2']);
  });

  it.each(['__proto__', 'constructor', 'toString'])(
    'a host may be called %s, and nothing else changes',
    (name) => {
      const { hosts } = resolveSettings([layer(JSON.parse(`{"hosts":{"${name}":{"user":"u"}}}`))]);
      expect(Object.getPrototypeOf(hosts)).toBe(Object.prototype);
      expect(({} as Record<string, unknown>)['user']).toBeUndefined();
    },
  );
});

describe('resolveSettings refuses', () => {
  it.each([
    {
      rule: 'a misspelt key, with the nearest one',
      values: { upsampling: { batchsize: 1 } },
      message: 'unknown setting "upsampling.batchsize"',
      nextStep: 'Did you mean "upsampling.batch_size"?',
    },
    ...['messages', 'model', 'stream'].map((key) => ({
      rule: `a request without ${key} of ours`,
      values: { upsampling: { engine: { extra_body: { [key]: true } } } },
      message: `upsampling.engine.extra_body: must not set "${key}": `,
      nextStep: 'cosmos help settings',
    })),
    {
      rule: 'a share that is none',
      values: { upsampling: { engine: { top_p: 'most' } } },
      message: 'upsampling.engine.top_p: must be "auto" or above 0, up to 1',
      nextStep: 'cosmos help settings',
    },
    {
      rule: 'a misspelt table',
      values: { upsamplng: {} },
      message: 'unknown setting "upsamplng"',
      nextStep: 'Did you mean "upsampling"?',
    },
    {
      rule: 'a misspelt key of the engine',
      values: { upsampling: { engine: { baseurl: '' } } },
      message: 'unknown setting "upsampling.engine.baseurl"',
      nextStep: 'Did you mean "upsampling.engine.base_url"?',
    },
    {
      rule: 'a misspelt key of a host',
      values: { hosts: { gpu1: { adress: 'x' } } },
      message: 'unknown setting "hosts.gpu1.adress"',
      nextStep: 'Did you mean "hosts.gpu1.address"?',
    },
    {
      rule: 'a key like no other, without a guess',
      values: { upsampling: { zzzzzzzzzz: 1 } },
      message: 'unknown setting "upsampling.zzzzzzzzzz"',
      nextStep: 'Every setting with its default: cosmos help settings',
    },
    {
      rule: 'the key itself where its variable is wanted',
      values: { upsampling: { engine: { api_key: 'secret' } } },
      message: 'unknown setting "upsampling.engine.api_key"',
      nextStep: 'Did you mean "upsampling.engine.api_key_env"?',
    },
    {
      rule: 'a table in the wrong place',
      values: { engine: { kind: 'openai' } },
      message: 'unknown setting "engine"',
      nextStep: 'Did you mean "upsampling.engine"?',
    },
    {
      rule: 'a text for a number',
      values: { upsampling: { batch_size: '10' } },
      message: 'upsampling.batch_size: must be number, received string.',
      nextStep: 'Correct the value',
    },
    {
      rule: 'half a batch',
      values: { upsampling: { batch_size: 1.5 } },
      message: 'upsampling.batch_size: must be int',
      nextStep: 'Correct the value',
    },
    {
      rule: 'too small a value',
      values: { upsampling: { batch_size: 0 } },
      message: 'upsampling.batch_size: Too small',
      nextStep: 'Correct the value',
    },
    {
      rule: 'an unknown engine',
      values: { upsampling: { engine: { kind: 'gpt' } } },
      message: 'upsampling.engine.kind: Invalid option',
      nextStep: 'Correct the value',
    },
    {
      rule: 'a size that is none',
      values: { upsampling: { safe_resolution: 'small' } },
      message: 'upsampling.safe_resolution: must be "auto" or a size such as "320x180".',
      nextStep: 'Correct the value',
    },
    {
      rule: 'an API key in the place of its name',
      values: { upsampling: { engine: { api_key_env: 'sk-123' } } },
      message: 'must be the name of an environment variable, not the key itself',
      nextStep: 'Correct the value',
    },
    {
      rule: 'a server that is not http',
      values: { upsampling: { engine: { base_url: 'file:///etc/passwd' } } },
      message: 'upsampling.engine.base_url: ',
      nextStep: 'Correct the value',
    },
    {
      rule: 'a table that is a list',
      values: { upsampling: [] },
      message: 'upsampling: must be',
      nextStep: 'Correct',
    },
    {
      rule: 'a file that is no table',
      values: 7,
      message: 'the file: must be',
      nextStep: 'Correct the value',
    },
  ])('$rule', ({ values, message, nextStep }) => {
    const error = refusal(values);
    expect(error.code).toBe('config-invalid');
    expect(error.exitCode).toBe(2);
    expect(error.message).toContain(`config.toml: `);
    expect(error.message).toContain(message);
    expect(error.nextStep).toContain(nextStep);
  });

  it.each([
    [{ upsampling: { output_dir: 'a\0b' } }, 'upsampling.output_dir'],
    [{ upscaling: { model: '\0' } }, 'upscaling.model'],
    [{ retouching: { command: ['sh', 'a\0'] } }, 'retouching.command.1'],
  ])('a NUL character: %j', (values, key) => {
    expect(refusal(values)).toMatchObject({ code: 'config-invalid', exitCode: 2 });
    expect(refusal(values).message).toContain(`${key}: must not hold a NUL character`);
  });

  it('names the layer that is wrong', () => {
    const layers = [
      layer({}, 'a.toml'),
      layer({ retry: { max_attempts: 0 } }, 'b.toml'),
      layer({}, 'c.toml'),
    ];
    expect(() => resolveSettings(layers)).toThrow(/^b\.toml: retry\.max_attempts/);
  });
});
