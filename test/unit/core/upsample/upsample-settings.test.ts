import { describe, expect, it } from 'vitest';
import { resolveSettings } from '../../../../src/core/settings/resolve-settings.ts';
import {
  configOf,
  upsampleSettingsFrom,
  upsampleSettingsSchema,
} from '../../../../src/core/upsample/upsample-settings.ts';

const request = {
  outputDir: '/out',
  host: 'local',
  workers: null,
  writeBack: false,
  force: false,
  allowTextOnly: false,
};

function frozen(values: object, change: Partial<typeof request> | { workers: number } = {}) {
  return upsampleSettingsFrom(resolveSettings([{ source: 's', values }]), { ...request, ...change });
}

describe('runSettingsFrom', () => {
  it('fits the schema of the checkpoint', () => {
    expect(upsampleSettingsSchema.parse(frozen({}))).toEqual(frozen({}));
  });

  it('turns seconds into milliseconds', () => {
    const { engine } = frozen({
      retry: { base_delay_s: 0.25 },
      upsampling: { engine: { request_timeout_s: 1.5 } },
    });
    expect(engine.retry.base_delay_ms).toBe(250);
    expect(engine.request_timeout_ms).toBe(1_500);
  });

  it('takes the workers of the command line first', () => {
    const hosts = { local: { workers: 3 } };
    expect(frozen({ hosts })).toMatchObject({ max_resolution: '320x180', workers: 3 });
    expect(frozen({ hosts }, { workers: 2 })).toMatchObject({ workers: 2 });
  });

  it('leaves out what the embedded engine does not use, so that its answers are shared', () => {
    const engine = { model: 'x', base_url: 'http://h/v1', api_key_env: 'K', temperature: 1.5 };
    expect(frozen({ upsampling: { engine } }).engine).toMatchObject({
      ...{ kind: 'describe', model: 'describe-3', base_url: null, api_key_env: null },
      ...{ temperature: 0, instruction: '' },
    });
  });

  it('keeps them for a server', () => {
    const engine = {
      kind: 'openai',
      model: 'x',
      base_url: 'http://h/v1',
      api_key_env: 'K',
      temperature: 1.5,
    };
    expect(frozen({ upsampling: { engine } }).engine).toMatchObject(engine);
  });
});

describe('configOf', () => {
  const server = { kind: 'openai', base_url: 'http://127.0.0.1:8000/v1', api_key_env: 'KEY' };
  it.each([
    { rule: 'the embedded engine', values: {} },
    { rule: 'a server', values: { upsampling: { engine: { ...server, model: 'm', temperature: 0.2 } } } },
    { rule: 'an instruction', values: { upsampling: { engine: { ...server, instruction: 'Write.' } } } },
    { rule: 'no instruction', values: { upsampling: { engine: { ...server, instruction: '' } } } },
    {
      rule: 'the shape of a request',
      values: {
        upsampling: {
          ...{ prompt_format: 'cosmos3-json', variants: 3 },
          engine: {
            ...{ ...server, system_prompt: 'Be precise.', message_order: 'text-first', seed: 0 },
            ...{ top_p: 0.8, top_k: 20, presence_penalty: 0, extra_body: { guard: { level: 2 } } },
          },
        },
        inference: { parameters: { fps: 30 } },
      },
    },
    {
      rule: 'a model without one',
      values: { upsampling: { engine: { ...server, model: 'x-upsampleprompt' } } },
    },
    {
      rule: 'a command',
      values: { upsampling: { engine: { kind: 'openai', command: ['serve', '{port}'] } } },
    },
    { rule: 'the largest that fits', values: { upsampling: { safe_resolution: 'auto' } } },
    { rule: 'parts of seconds', values: { retry: { base_delay_s: 0.25, max_outage_s: 1.5 } } },
    { rule: 'workers', values: { hosts: { local: { workers: 3 } } } },
  ])('gives the same run again: $rule', ({ values }) => {
    const run = frozen(values);
    expect(frozen(configOf(run))).toEqual(run);
  });

  it('lets the usual command of a host follow what it is made from', () => {
    const far = { kind: 'openai', model: 'm', concurrency: 4 };
    const run = frozen({ upsampling: { engine: far } }, { host: 'gpu1' });
    const config = configOf(run);
    const engine = { ...config.upsampling.engine, concurrency: 16 };
    const now = frozen({ ...config, upsampling: { ...config.upsampling, engine } }, { host: 'gpu1' });
    expect(now.engine.command).toEqual(run.engine.command?.map((part) => (part === '4' ? '16' : part)));
    expect(now.engine.command).toContain('16');
  });
});
