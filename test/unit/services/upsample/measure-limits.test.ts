import { describe, expect, it } from 'vitest';
import { resolveSettings } from '../../../../src/core/settings/resolve-settings.ts';
import { estimatorNamed } from '../../../../src/core/tokens/estimator.ts';
import { configLinesOf, type ServerLimits } from '../../../../src/core/upsample/server-limits.ts';
import { upsampleSettingsFrom } from '../../../../src/core/upsample/upsample-settings.ts';
import type { PicturesAnswer, ServerProbe } from '../../../../src/ports/model-server.ts';
import {
  type LimitsRequest,
  type MeasuringCost,
  measureLimits,
} from '../../../../src/services/upsample/measure-limits.ts';
import { settingsForServer } from '../../../../src/services/upsample/server-settings.ts';

const baseUrl = 'http://127.0.0.1:8000/v1';

function settingsOf(host = 'local', engine: object = {}, upsampling: object = {}) {
  const values = {
    upsampling: { ...upsampling, engine: { kind: 'openai', base_url: baseUrl, model: 'm', ...engine } },
  };
  const options = { outputDir: '', workers: null, writeBack: false, force: false, allowTextOnly: false };
  return {
    ...upsampleSettingsFrom(resolveSettings([{ source: 's', values }]), { ...options, host: 'local' }),
    host,
  };
}

/** A server with Pixtral's formula, and what it is asked. */
function fakeServer({
  contextTokens = 4096 as number | null,
  answer = (found: PicturesAnswer) => found,
} = {}) {
  const asked: string[] = [];
  const kept: ServerLimits[] = [];
  const facts = {
    address: baseUrl,
    model: 'm',
    isListingModels: true,
    program: null,
    contextTokens,
    seesImages: true,
  };
  const probe: ServerProbe = {
    facts,
    ask: async (size) => {
      asked.push(`${size.width}x${size.height}`);
      const promptTokens = estimatorNamed('pixtral').visionTokens(size, 2) + 9;
      const isTooLong = promptTokens + 300 > 4096;
      return answer(
        isTooLong
          ? { requests: 1, refusal: 'too long' }
          : { requests: 1, refusal: null, promptTokens, finishReason: 'stop' },
      );
    },
  };
  const ports: Parameters<typeof measureLimits>[1] = {
    withServerProbe: (_engine, _request, use) => use(probe),
    serverLimits: {
      get: async (host, model) => kept.find((one) => one.host === host && one.model === model) ?? null,
      put: async (limits) => void kept.push(limits),
    },
    textTokens: async () => (text) => Math.ceil(text.length / 4),
    clock: { now: () => Date.UTC(2026, 0, 10), sleep: async () => undefined },
  };
  const costs: MeasuringCost[] = [];
  const notices: string[] = [];
  const measure = (change: Partial<LimitsRequest> = {}, isAgreed = true) => {
    const hooks = {
      confirm: async (cost: MeasuringCost) => costs.push(cost) > 0 && isAgreed,
      onTest: () => undefined,
      onNotice: (message: string) => void notices.push(message),
    };
    const request = { settings: settingsOf(), sizes: null, ...change };
    return measureLimits(request, ports, hooks, new AbortController().signal);
  };
  return { asked, kept, costs, notices, ports, measure };
}

describe('measureLimits', () => {
  it('finds the largest sizes from the default settings, and keeps them', async () => {
    const server = fakeServer();
    const limits = await server.measure();
    expect(limits).toMatchObject({
      ...{
        host: 'local',
        model: 'm',
        measured_at: '2026-01-10T00:00:00.000Z',
        estimator: 'pixtral',
        text_tokens: 9,
      },
      ...{ context: { tokens: 4096, source: 'server' }, requests: server.asked.length },
    });
    expect(limits.shapes[0]?.largest).toEqual({ width: 896, height: 504 });
    expect(configLinesOf(limits)).toEqual([
      '[upsampling]',
      'max_tokens = 4096',
      'safe_resolution = "896x504"',
      'frames_to_extract = 2',
      'estimator = "pixtral"',
    ]);
    expect(server.kept).toEqual([limits]);
    expect(server.costs).toMatchObject([
      { usualRequests: 12, maxRequests: 48, frames: 2, contextTokens: 4096 },
    ]);
  });

  it('tries exactly the sizes that are named, and keeps nothing', async () => {
    const server = fakeServer();
    const sizes = [
      { width: 480, height: 270 },
      { width: 256, height: 144 },
      { width: 960, height: 540 },
    ];
    const limits = await server.measure({ sizes });
    expect(server.asked).toEqual(['480x270', '256x144', '960x540']);
    expect(limits.tests.map(({ is_safe }) => is_safe)).toEqual([true, true, false]);
    expect(limits.tests.map(({ room_tokens }) => room_tokens)).toEqual([2733, 3481, null]);
    expect(limits.config).toMatchObject({ safe_resolution: '480x270' });
    expect(server.kept).toEqual([]);
    expect(server.costs).toMatchObject([{ usualRequests: 3, maxRequests: 3 }]);
  });

  it('counts no answer that was cut off, and none above the context that the settings say', async () => {
    const sizes = [{ width: 480, height: 270 }];
    const cutOff = fakeServer({
      answer: (found) => ({ ...found, finishReason: 'length' }) as PicturesAnswer,
    });
    const [cut] = (await cutOff.measure({ sizes })).tests;
    expect(cut).toMatchObject({ is_safe: false, prompt_tokens: 1063 });
    expect(cut?.reason).toContain('finish_reason "length"');
    const silent = fakeServer({ contextTokens: null });
    const limits = await silent.measure({ sizes, settings: settingsOf('local', {}, { max_tokens: 1300 }) });
    expect(limits.context).toEqual({ tokens: 1300, source: 'settings' });
    expect(limits.tests[0]).toMatchObject({ is_safe: false, room_tokens: -63 });
    expect(limits.config).toEqual({});
  });

  it('sends nothing without a yes', async () => {
    const server = fakeServer();
    await expect(server.measure({}, false)).rejects.toMatchObject({ code: 'usage-invalid' });
    expect(server.asked).toEqual([]);
  });

  it.each([
    {
      rule: 'a server that does not count',
      answer: (found: PicturesAnswer) => ({ ...found, promptTokens: null }) as PicturesAnswer,
      message: 'usage.prompt_tokens',
    },
    {
      rule: 'one that takes no picture at all',
      answer: (): PicturesAnswer => ({ requests: 1, refusal: 'At most 1 image(s)' }),
      message: 'accepts no picture, however small: At most 1 image(s)',
    },
  ])('ends with the reason at $rule', async ({ answer, message }) => {
    const server = fakeServer({ answer });
    await expect(server.measure()).rejects.toMatchObject({
      code: 'engine-rejected',
      message: expect.stringContaining(message),
    });
    expect(server.asked.length).toBeLessThanOrEqual(12);
    expect(server.kept).toEqual([]);
  });

  it.each([
    {
      rule: 'that a worker starts',
      settings: settingsOf('gpu1', { base_url: '' }),
      step: 'ssh -L 8000:127.0.0.1:8000 gpu1',
    },
    {
      rule: 'of the embedded engine',
      settings: settingsOf('local', { kind: 'describe' }),
      step: '--base-url',
    },
  ])('says what to do where there is no server to ask: $rule', async ({ settings, step }) => {
    await expect(fakeServer().measure({ settings })).rejects.toMatchObject({
      nextStep: expect.stringContaining(step),
    });
  });

  it('shows what cannot be kept', async () => {
    const server = fakeServer();
    server.ports.serverLimits.put = async () => Promise.reject(new Error('read-only'));
    expect((await server.measure()).shapes).toHaveLength(4);
    expect(server.notices).toEqual([expect.stringContaining('read-only')]);
  });
});

describe('--max-resolution auto', () => {
  /** What a run on this host makes of the limits that were measured for another one, or for itself. */
  async function planned(host: string, upsampling: object, contextTokens: number | null = 4096) {
    const server = fakeServer();
    await server.measure({ settings: settingsOf('gpu1') });
    const notices: string[] = [];
    const { measured_sizes: sizes } = await settingsForServer(
      settingsOf(host, {}, { safe_resolution: 'auto', estimator: 'pixtral', ...upsampling }),
      {
        checkServer: async () => ({
          ...{ address: baseUrl, model: 'm', isListingModels: true, program: null, contextTokens },
          ...{ seesImages: true, waitReason: null, imageAnswer: null },
        }),
        templateTokens: { get: async () => null, put: async () => undefined },
        serverLimits: server.ports.serverLimits,
      },
      (notice) => notices.push(notice),
    );
    return { sizes, notices };
  }

  it('takes what was measured for the host and the model', async () => {
    expect(await planned('gpu1', {})).toEqual({
      sizes: ['896x504', '784x588', '688x688', '504x896'],
      notices: [],
    });
    expect(await planned('gpu1', { safe_resolution: '640x360' })).toEqual({ sizes: undefined, notices: [] });
  });

  it.each([
    {
      rule: 'nothing was measured for this host',
      host: 'gpu2',
      upsampling: {},
      notice: 'none were measured',
    },
    {
      rule: 'more frames are sent',
      host: 'gpu1',
      upsampling: { frames_to_extract: 4 },
      notice: 'for 2 frames',
    },
  ])('goes by the estimator, and says so, where $rule', async ({ host, upsampling, notice }) => {
    const { sizes, notices } = await planned(host, upsampling);
    expect(sizes).toBeUndefined();
    expect(notices).toEqual([expect.stringContaining(notice)]);
    expect(notices[0]).toContain('uses the estimator pixtral');
  });

  it('says that a rule of thumb allows less', async () => {
    const { sizes, notices } = await planned('gpu1', { estimator: 'linear' });
    expect(sizes).toHaveLength(4);
    expect(notices).toEqual([expect.stringContaining('set upsampling.estimator = "pixtral"')]);
  });
});
