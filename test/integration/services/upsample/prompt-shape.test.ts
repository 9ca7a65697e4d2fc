import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LocalHost } from '../../../../src/adapters/local-host/local-host.ts';
import { systemClock } from '../../../../src/adapters/system-clock.ts';
import { parseCosmos3Prompt } from '../../../../src/core/inference/cosmos3-prompt.ts';
import type { ReportItem } from '../../../../src/core/upsample/upsample-report.ts';
import type { UpsampleSettings } from '../../../../src/core/upsample/upsample-settings.ts';
import { batchUpsample } from '../../../../src/services/upsample/batch-upsample.ts';
import { makeClip } from '../../../support/clips.ts';
import { sampleSpec, writeSpecs } from '../../../support/spec-builder.ts';
import { type StandIn, startStandInServer } from '../../../support/stand-in-server.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';
import { createTestPorts, silent, testRunSettings } from '../../../support/test-ports.ts';
import { resumeUpsample } from '../../../support/upsample-runs.ts';
import { workerProgram } from '../../../support/worker-rig.ts';

let standIn: StandIn;

beforeAll(async () => {
  standIn = await startStandInServer();
});

afterAll(async () => {
  await standIn.stop();
});

/** Enriches specs with the stand-in on this machine; gives the summary and a reader of what was written. */
async function enrich(
  specs: Parameters<typeof writeSpecs>[1],
  upsampling: object,
  engine: object = {},
  change: Partial<UpsampleSettings> = {},
) {
  const folder = await temporaryFolder();
  await makeClip(join(folder, 'specs', 'clip.mp4'), { width: 640, height: 360, seconds: 3 });
  const input = await writeSpecs(join(folder, 'specs'), specs);
  const host = new LocalHost({ root: join(folder, 'host'), workerProgram, clock: systemClock });
  const values = {
    retry: { base_delay_s: 0.005, max_delay_s: 0.02 },
    upsampling: {
      ...upsampling,
      max_tokens: 16_384,
      engine: {
        ...{ kind: 'openai', model: 'stand-in', base_url: standIn.baseUrl, max_output_tokens: 2048 },
        ...engine,
      },
    },
  };
  const settings = testRunSettings(folder, values, change);
  const request = { inputs: [input], excluded: [], settings };
  const ports = createTestPorts(folder, host);
  const { signal } = new AbortController();
  const { summary } = await batchUpsample(request, ports, silent, signal);
  const output = async (spec: string) => JSON.parse(await readFile(join(settings.output_dir, spec), 'utf8'));
  const resume = async () => await resumeUpsample({ values, host: 'local' }, ports, silent, signal);
  const report = async (): Promise<{ items: ReportItem[] }> =>
    JSON.parse(await readFile(summary.report.json, 'utf8'));
  return { summary, output, resume, report, input };
}

describe('prompts as cosmos3-json', () => {
  it('are whole for 100 answers of a server that breaks one in four, with facts that are ours', async () => {
    standIn.setFault({ fault: { kind: 'broken-json' }, rate: 0.25, isDrawnByRequest: true });
    const before = standIn.stats.asks.length;
    const names = Array.from({ length: 100 }, (_, index) => `s${index}.json`);
    const specs = names.map((name, index) => {
      const video = index % 2 === 0 ? { input_video_path: 'clip.mp4' } : { input_video_path: null };
      return [name, sampleSpec({ prompt: `Shot ${index}: parcels on a belt`, ...video })] as const;
    });
    const { summary, output } = await enrich(Object.fromEntries(specs), { prompt_format: 'cosmos3-json' });
    expect(summary).toMatchObject({ status: 'complete', counts: { upsampled: 100, failed: 0 } });
    for (const [index, name] of names.entries()) {
      const spec = await output(name);
      const facts =
        index % 2 === 0
          ? { resolution: { H: 360, W: 640 }, aspect_ratio: '16,9', duration: '3s' }
          : { resolution: { H: 720, W: 1280 }, aspect_ratio: '16,9', duration: '5s', fps: 24 };
      expect(parseCosmos3Prompt(spec.prompt)).toMatchObject(facts);
      expect(spec.metadata.upsampling.prompt_format).toBe('cosmos3-json');
    }
    const asks = standIn.stats.asks.slice(before);
    const corrections = asks.filter(({ roles }) => roles.length === 3);
    expect(asks.length).toBeGreaterThan(110);
    expect(corrections.length).toBeGreaterThan(10);
    expect(corrections.every(({ text }) => text.includes('That is not the JSON that was asked for: '))).toBe(
      true,
    );
    expect(asks.every(({ responseSchema }) => responseSchema !== null)).toBe(true);
  });

  it('fail with a code of their own where every answer is broken, after one correction', async () => {
    standIn.setFault({ fault: { kind: 'broken-json' } });
    const before = standIn.stats.asks.length;
    const { summary } = await enrich({ 'a.json': sampleSpec() }, { prompt_format: 'cosmos3-json' });
    standIn.setFault(null);
    expect(summary.failures).toMatchObject([{ spec: 'a.json', code: 'output-invalid-json' }]);
    const roles = standIn.stats.asks.slice(before).map((ask) => ask.roles.length);
    expect(roles).toEqual([1, 3, 1, 1, 1]);
  });
});

it('what is set of a request reaches the server', async () => {
  const set = { top_p: 0.8, top_k: 20, presence_penalty: 1.5, seed: 11 };
  const shape = { system_prompt: 'Be precise.', message_order: 'text-first' };
  const extra = { extra_body: { repetition_penalty: 1.05 } };
  const { summary } = await enrich({ 'a.json': sampleSpec() }, {}, { ...set, ...shape, ...extra });
  expect(summary.status).toBe('complete');
  const ask = standIn.stats.asks.at(-1);
  expect(ask).toMatchObject({ roles: ['system', 'user'], shape: 'text text image image' });
  expect(ask?.parameters).toMatchObject({ ...set, repetition_penalty: 1.05 });
});

it('the embedded engine refuses a format that it cannot write', async () => {
  const run = enrich({ 'a.json': sampleSpec() }, { prompt_format: 'cosmos3-json' }, { kind: 'describe' });
  await expect(run).rejects.toMatchObject({
    code: 'config-invalid',
    nextStep: expect.stringContaining('--base-url'),
  });
});

describe('variants', () => {
  it('are prompts of one spec with different seeds, side by side in the report, and a run of theirs goes on', async () => {
    const specs = {
      'a/one.json': sampleSpec({ name: 'one' }),
      'a/two.json': sampleSpec({ name: 'two', prompt: 'Gulls over a pier' }),
      // Their names must not meet those of variants.
      'a/one.v1.json': sampleSpec({ prompt: 'A tram in fog' }),
      'a/done.json': sampleSpec({ is_upsampled: true }),
      'a/broken.json': '{',
    };
    const { summary, output, resume, report } = await enrich(specs, { variants: 3 }, { seed: 40 });
    expect(summary.counts).toEqual({ total: 11, upsampled: 9, reused: 0, skipped: 1, failed: 1 });
    const written = await Promise.all([1, 2, 3].map((variant) => output(`a/one.v${variant}.json`)));
    expect(written.map((spec) => spec.metadata.upsampling)).toMatchObject([
      { variant: 1, seed: 40 },
      { variant: 2, seed: 41 },
      { variant: 3, seed: 42 },
    ]);
    expect(new Set(written.map((spec) => spec.metadata.upsampling.task_key)).size).toBe(3);
    expect((await output('a/one.v1.v2.json')).parent_prompt_text).toBe('A tram in fog');
    expect(standIn.stats.asks.slice(-9).map(({ seed }) => seed)).toEqual(
      expect.arrayContaining([40, 41, 42]),
    );
    const { items } = await report();
    expect(items.map(({ spec }) => spec)).toEqual([
      'a/broken.json',
      ...[1, 2, 3].map((variant) => `a/one.json#v${variant}`),
      ...[1, 2, 3].map((variant) => `a/one.v1.json#v${variant}`),
      ...[1, 2, 3].map((variant) => `a/two.json#v${variant}`),
      'a/done.json',
    ]);
    expect(items[1]).toMatchObject({ name: 'one v1', prompt_before: sampleSpec()['prompt'] });
    expect((await resume()).summary.counts).toEqual(summary.counts);
  });

  it.each([
    {
      rule: 'one file has no place for several',
      change: { write_back: true },
      engine: {},
      says: /--write-back/,
    },
    {
      rule: 'the embedded engine has one answer',
      change: {},
      engine: { kind: 'describe' },
      says: /same text each time/,
    },
  ])('are refused: $rule', async ({ change, engine, says }) => {
    const run = enrich({ 'a.json': sampleSpec() }, { variants: 2 }, engine, change);
    await expect(run).rejects.toThrow(says);
  });
});

describe('files that hold several specs', () => {
  const lines = (...specs: (object | string)[]) =>
    specs.map((spec) => (typeof spec === 'string' ? spec : JSON.stringify(spec))).join('\n');

  it('are enriched one by one, beside files of one spec, and a run of theirs goes on', async () => {
    const specs = {
      'list.jsonl': lines(
        sampleSpec({ prompt: 'First line' }),
        '{"prompt":',
        '',
        sampleSpec({ prompt: 'Fourth line' }),
      ),
      'list.json': JSON.stringify([
        sampleSpec({ name: '', prompt: 'First element' }),
        sampleSpec({ is_upsampled: true }),
      ]),
      'one.json': sampleSpec({ prompt: 'A file of its own' }),
      'events.jsonl': lines({ type: 'run-started' }, { type: 'run-finished' }),
    };
    const { summary, output, resume, report } = await enrich(specs, {});
    expect(summary.counts).toEqual({ total: 7, upsampled: 4, reused: 0, skipped: 1, failed: 2 });
    expect(summary.failures).toMatchObject([
      { spec: 'events.jsonl', code: 'spec-invalid', message: expect.stringMatching(/^events\.jsonl:1: /) },
      {
        spec: 'list.jsonl#2',
        code: 'spec-invalid',
        message: expect.stringMatching(/^list\.jsonl:2: not valid JSON/),
      },
    ]);
    expect((await output('list.jsonl/1.json')).parent_prompt_text).toBe('First line');
    expect((await output('list.jsonl/4.json')).parent_prompt_text).toBe('Fourth line');
    expect((await output('list.json/1.json')).parent_prompt_text).toBe('First element');
    const { items } = await report();
    expect(items.find(({ spec }) => spec === 'list.json#1')).toMatchObject({
      name: 'list 1',
      status: 'upsampled',
    });
    expect((await resume()).summary.counts).toEqual(summary.counts);
  });

  it('are found where only one line changed, and are not written back', async () => {
    const specs = { 'list.jsonl': lines(sampleSpec({ prompt: 'One' }), sampleSpec({ prompt: 'Two' })) };
    const { input, resume } = await enrich(specs, {});
    await writeSpecs(input, {
      'list.jsonl': lines(sampleSpec({ prompt: 'One' }), sampleSpec({ prompt: 'Another' })),
    });
    await expect(resume()).rejects.toThrow(/list\.jsonl#2 was edited(?!.*list\.jsonl#1)/);
    await expect(enrich(specs, {}, {}, { write_back: true })).rejects.toThrow(/list\.jsonl holds several/);
  });

  it('may have variants of each', async () => {
    const { output } = await enrich(
      { 'list.jsonl': lines(sampleSpec(), sampleSpec({ prompt: 'Two' })) },
      { variants: 2 },
    );
    expect((await output('list.jsonl/2.v2.json')).parent_prompt_text).toBe('Two');
  });
});
