import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LocalHost } from '../../../../src/adapters/local-host/local-host.ts';
import { systemClock } from '../../../../src/adapters/system-clock.ts';
import { parseCosmos3Prompt } from '../../../../src/core/inference/cosmos3-prompt.ts';
import { batchUpsample } from '../../../../src/services/upsample/batch-upsample.ts';
import { makeClip } from '../../../support/clips.ts';
import { workerProgram } from '../../../support/local-bench.ts';
import { sampleSpec, writeSpecs } from '../../../support/spec-builder.ts';
import { type StandIn, startStandInServer } from '../../../support/stand-in-server.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';
import { createTestPorts, silent, testRunSettings } from '../../../support/test-ports.ts';

let standIn: StandIn;

beforeAll(async () => {
  standIn = await startStandInServer();
});

afterAll(async () => {
  await standIn.stop();
});

/** Enriches specs with the stand-in on this machine; gives the summary and a reader of what was written. */
async function enrich(specs: Parameters<typeof writeSpecs>[1], upsampling: object, engine: object = {}) {
  const folder = await temporaryFolder();
  await makeClip(join(folder, 'specs', 'clip.mp4'), { width: 640, height: 360, seconds: 3 });
  const input = await writeSpecs(join(folder, 'specs'), specs);
  const host = new LocalHost({ root: join(folder, 'host'), workerProgram, clock: systemClock });
  const settings = testRunSettings(folder, {
    retry: { base_delay_s: 0.005, max_delay_s: 0.02 },
    upsampling: {
      ...upsampling,
      max_tokens: 16_384,
      engine: {
        kind: 'openai',
        model: 'stand-in',
        base_url: standIn.baseUrl,
        max_output_tokens: 2048,
        ...engine,
      },
    },
  });
  const request = { inputs: [input], excluded: [], settings };
  const { summary } = await batchUpsample(
    request,
    createTestPorts(folder, host),
    silent,
    new AbortController().signal,
  );
  const output = async (spec: string) => JSON.parse(await readFile(join(settings.output_dir, spec), 'utf8'));
  return { summary, output };
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
