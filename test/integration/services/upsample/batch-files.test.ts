import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LocalHost } from '../../../../src/adapters/local-host/local-host.ts';
import { systemClock } from '../../../../src/adapters/system-clock.ts';
import { batchIndexEntrySchema, batchIndexHeaderSchema } from '../../../../src/core/upsample/batch-index.ts';
import { batchUpsample } from '../../../../src/services/upsample/batch-upsample.ts';
import { type BatchExportRequest, exportBatch } from '../../../../src/services/upsample/export-batch.ts';
import { type ImportRequest, importAnswers } from '../../../../src/services/upsample/import-answers.ts';
import { makeClip } from '../../../support/clips.ts';
import { sampleSpec, writeSpecs } from '../../../support/spec-builder.ts';
import { type StandIn, startStandInServer } from '../../../support/stand-in-server.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';
import { createTestPorts, silent, testRunSettings } from '../../../support/test-ports.ts';
import { workerProgram } from '../../../support/worker-rig.ts';

let standIn: StandIn;

beforeAll(async () => {
  standIn = await startStandInServer();
});

afterAll(async () => {
  await standIn.stop();
});

interface Line {
  readonly custom_id: string;
  readonly body: object;
}

type Specs = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

const scenes: Specs = Object.fromEntries(
  ['a', 'b', 'c'].map((name) => [`${name}.json`, sampleSpec({ prompt: `Scene ${name}: cranes at dawn` })]),
);

/** A folder of specs, exported and imported. */
async function newBench(specs: Specs = scenes, upsampling: object = {}, engine: object = {}) {
  const folder = await temporaryFolder();
  await makeClip(join(folder, 'specs', 'clip.mp4'), { width: 640, height: 360, seconds: 3 });
  const input = await writeSpecs(join(folder, 'specs'), specs);
  const server = { kind: 'openai', model: 'stand-in', base_url: standIn.baseUrl, ...engine };
  const settings = testRunSettings(folder, { upsampling: { ...upsampling, engine: server } });
  const host = new LocalHost({ root: join(folder, 'host'), workerProgram, clock: systemClock });
  const ports = createTestPorts(folder, host);
  const { signal } = new AbortController();
  const exportDir = join(folder, 'batch');
  const read = async (name: string) => await readFile(join(exportDir, name), 'utf8');
  const request = { inputs: [input], excluded: [], settings, outputDir: exportDir, isForced: false };
  return {
    folder,
    input,
    read,
    files: async () => (await readdir(exportDir)).sort(),
    export: (change: Partial<BatchExportRequest> = {}) =>
      exportBatch({ ...request, ...change }, ports, silent, signal),
    linesOf: async (name: string): Promise<Line[]> =>
      linesIn(await read(name)).map((line) => JSON.parse(line)),
    import: async (lines: readonly (object | string)[], change: Partial<ImportRequest> = {}) => {
      const file = join(folder, 'answers.jsonl');
      const texts = lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line)));
      await writeFile(file, `${texts.join('\n')}\n`);
      const base = {
        ...{ files: [file], exportDir, specsDir: null, outputDir: join(folder, 'enriched') },
        isForced: false,
      };
      return await importAnswers({ ...base, ...change }, ports, signal);
    },
    enriched: async (spec: string, from = 'enriched') =>
      JSON.parse(await readFile(join(folder, from, spec), 'utf8')),
    upsample: () => batchUpsample({ inputs: [input], excluded: [], settings }, ports, silent, signal),
  };
}

function linesIn(text: string): string[] {
  return text.split('\n').filter((line) => line !== '');
}

/** What a queue gives back for a request that it sent to the stand-in. */
async function answerOf({ custom_id, body }: Line) {
  const response = await fetch(`${standIn.baseUrl}/chat/completions`, {
    method: 'POST',
    body: JSON.stringify(body),
  });
  return {
    ...{ id: `batch_req_${custom_id.slice(0, 8)}`, custom_id, error: null },
    response: { status_code: response.status, request_id: 'r', body: await response.json() },
  };
}

/** The same answer with another text. */
function said(custom_id: string, content: string, finish_reason = 'stop') {
  const body = { choices: [{ message: { content }, finish_reason }], usage: null };
  return { custom_id, response: { status_code: 200, body }, error: null };
}

describe('requests for a batch', () => {
  it('are those of a run, and give the same prompts', async () => {
    const bench = await newBench(scenes, {}, { top_p: 0.8, system_prompt: 'Be brief.' });
    const exported = await bench.export();
    expect(exported).toMatchObject({
      format: 'openai-batch',
      groups: [{ specs: 3, files: ['requests_01.jsonl', 'requests_01.index.jsonl'] }],
    });
    const lines = await bench.linesOf('requests_01.jsonl');
    expect(lines.map((line) => Object.keys(line))).toEqual(
      lines.map(() => ['custom_id', 'method', 'url', 'body']),
    );
    expect(lines[0]).toMatchObject({
      ...{ method: 'POST', url: '/v1/chat/completions' },
      body: { model: 'stand-in', top_p: 0.8, max_tokens: 300, temperature: 0.6 },
    });
    const answers = await Promise.all(lines.map(answerOf));
    const imported = await bench.import(answers.reverse());
    expect(imported).toMatchObject({
      counts: { lines: 3, enriched: 3, failed: 0, missing: 0 },
      ...{ failures: [], unknown: [], duplicates: [], broken: [] },
    });
    await bench.upsample();
    for (const name of Object.keys(scenes)) {
      const [own, ofRun] = [await bench.enriched(name), await bench.enriched(name, 'out')];
      expect(own.prompt).toBe(ofRun.prompt);
      const { run_id, task_key, hint, frames_used, attempts } = own.metadata.upsampling;
      expect({ task_key, hint, frames_used }).toEqual({
        task_key: ofRun.metadata.upsampling.task_key,
        hint: ofRun.metadata.upsampling.hint,
        frames_used: 2,
      });
      expect({ run_id, attempts }).toEqual({ run_id: imported.run_id, attempts: 1 });
    }
  });

  it('are not written over the specs, whatever leads to their folder', async () => {
    const bench = await newBench();
    const specs = `${JSON.stringify(sampleSpec({ prompt: 'A crane at dawn' }))}\n`;
    const path = join(bench.input, 'requests_01.jsonl');
    await writeFile(path, specs);
    await symlink(bench.input, join(bench.folder, 'batch'));
    const error = await bench.export({ isForced: true }).catch((thrown: unknown) => thrown);
    expect(await readFile(path, 'utf8')).toBe(specs);
    expect(error).toMatchObject({
      code: 'usage-invalid',
      message: expect.stringContaining(
        'A file of the export would be written over the spec requests_01.jsonl',
      ),
    });
  });

  it('are split where a file is full, and asked once where they are the same', async () => {
    const bench = await newBench({ ...scenes, 'a2.json': scenes['a.json'] ?? {} });
    const limits = { maxRequests: 2, maxBytes: 200_000_000 };
    const { groups } = await bench.export({ limits });
    expect(groups.map(({ specs }) => specs)).toEqual([3, 1]);
    const [first, second] = [
      await bench.linesOf('requests_01.jsonl'),
      await bench.linesOf('requests_02.jsonl'),
    ];
    expect([first.length, second.length]).toEqual([2, 1]);
    const index = linesIn(await bench.read('requests_01.index.jsonl'));
    expect(batchIndexHeaderSchema.parse(JSON.parse(index[0] ?? '')).settings.engine.base_url).toBeNull();
    expect(index.slice(1).map((line) => batchIndexEntrySchema.parse(JSON.parse(line)).planned.spec)).toEqual([
      'a.json',
      'a2.json',
      'b.json',
    ]);
    const imported = await bench.import(await Promise.all([...first, ...second].map(answerOf)));
    expect(imported.counts).toEqual({ lines: 3, enriched: 4, failed: 0, missing: 0 });

    const lineBytes = Buffer.byteLength(await bench.read('requests_02.jsonl'));
    const smaller = { maxRequests: 50_000, maxBytes: Math.ceil(lineBytes * 1.5) };
    expect((await bench.export({ limits: smaller, isForced: true })).groups).toHaveLength(3);
    for (const name of await bench.files())
      if (/^requests_\d+\.jsonl$/.test(name))
        expect(Buffer.byteLength(await bench.read(name))).toBeLessThanOrEqual(smaller.maxBytes);
    // The third file of before belongs to no other export, and its index is not read.
    await bench.export({ limits, isForced: true });
    expect(await bench.files()).toContain('requests_03.index.jsonl');
    expect((await bench.import([])).counts.missing).toBe(4);
  });

  it('leave out what cannot be asked, and say why', async () => {
    const bench = await newBench({
      ...scenes,
      'lost.json': sampleSpec({ input_video_path: 'nowhere.mp4' }),
      'done.json': sampleSpec({ is_upsampled: true }),
    });
    const { specs } = await bench.export();
    expect(specs.map(({ spec, refusal }) => [spec, refusal])).toEqual([
      ...['a.json', 'b.json', 'c.json'].map((spec) => [spec, null]),
      ['lost.json', expect.stringContaining('nowhere.mp4')],
    ]);
    expect(await bench.read('README.md')).toContain('## Left out\n\n- lost.json');
    await expect(bench.export()).rejects.toMatchObject({ code: 'output-exists' });
    const unnamed = await newBench(scenes, {}, { model: '' });
    await expect(unnamed.export()).rejects.toMatchObject({ code: 'config-invalid' });
    const tiny = { maxRequests: 10, maxBytes: 100 };
    await expect(bench.export({ limits: tiny, isForced: true })).rejects.toMatchObject({
      code: 'no-valid-spec',
      message: expect.stringContaining('more than the 100 bytes'),
    });
  });
});

describe('answers of a batch', () => {
  it('are judged one by one: what is wrong with one leaves the others alone', async () => {
    const names = ['copied', 'cut', 'edited', 'fine', 'later', 'limited', 'refused', 'twice', 'unanswered'];
    const specs = names.map((name) => [
      `${name}.json`,
      sampleSpec({ prompt: `A ${name} harbour before the storm` }),
    ]);
    const bench = await newBench(Object.fromEntries(specs));
    await bench.export();
    const lines = await bench.linesOf('requests_01.jsonl');
    const idOf = (name: string) => lines[names.indexOf(name)]?.custom_id ?? '';
    const good = new Map(
      await Promise.all(lines.map(async (line) => [line.custom_id, await answerOf(line)] as const)),
    );
    await writeSpecs(bench.input, { 'edited.json': sampleSpec({ prompt: 'Something else' }) });
    const error = { error: { message: 'Rate limit reached' } };
    const imported = await bench.import([
      said(idOf('copied'), 'A copied harbour before the storm'),
      '{"custom_id": "torn',
      said(idOf('cut'), 'Wet asphalt and old', 'length'),
      good.get(idOf('edited')) ?? '',
      '',
      { custom_id: idOf('later'), response: { status_code: 500, body: {} }, error: null },
      good.get(idOf('fine')) ?? '',
      { custom_id: idOf('limited'), response: { status_code: 429, body: error } },
      { custom_id: idOf('refused'), response: null, error: { code: 'batch_expired', message: 'too late' } },
      good.get(idOf('later')) ?? '',
      good.get(idOf('twice')) ?? '',
      said(idOf('twice'), 'Another answer to the same request that comes too late to count'),
      said('of-nobody', 'Text'),
      { no: 'answer' },
    ]);
    expect(imported.counts).toEqual({ lines: 13, enriched: 3, failed: 5, missing: 1 });
    expect(imported.enriched.map(({ spec }) => spec).sort()).toEqual([
      'fine.json',
      'later.json',
      'twice.json',
    ]);
    expect(Object.fromEntries(imported.failures.map(({ spec, code }) => [spec, code]))).toEqual({
      'copied.json': 'output-copied',
      'cut.json': 'output-truncated',
      'edited.json': 'spec-changed',
      'limited.json': 'engine-failed',
      'refused.json': 'engine-failed',
    });
    expect(imported.failures.find(({ spec }) => spec === 'limited.json')).toMatchObject({
      custom_id: idOf('limited'),
      message: 'The batch has no answer: HTTP 429 {"error":{"message":"Rate limit reached"}}.',
    });
    expect(imported.unknown).toEqual(['of-nobody']);
    expect(imported.duplicates).toEqual([idOf('twice')]);
    expect(imported.broken.map(({ line }) => line)).toEqual([2, 14]);
    expect((await bench.enriched('twice.json')).prompt).not.toContain('Another answer');
  });

  it('that say the same of different inputs are refused, as in a run', async () => {
    const bench = await newBench();
    await bench.export();
    const lines = await bench.linesOf('requests_01.jsonl');
    const text = 'Wet asphalt and old brick under sodium light while steam drifts by the gate';
    const imported = await bench.import(lines.map(({ custom_id }) => said(custom_id, text)));
    expect(imported.failures.map(({ code }) => code)).toEqual(['output-repeated', 'output-repeated']);
    // Its next step is to compare the two: they are named, not their keys.
    const [enriched] = imported.enriched;
    for (const { message } of imported.failures)
      expect(message).toContain(`another input, ${enriched?.spec}.`);
  });

  it('as JSON for Cosmos 3 get what is known of the video, or are refused', async () => {
    const bench = await newBench(scenes, { prompt_format: 'cosmos3-json', max_tokens: 16_384 });
    await bench.export();
    const lines = await bench.linesOf('requests_01.jsonl');
    expect(lines[0]?.body).toHaveProperty('response_format');
    const [first, ...others] = await Promise.all(lines.map(answerOf));
    const broken = said(lines[0]?.custom_id ?? '', '{"subjects": "none"');
    const imported = await bench.import([broken, ...others]);
    expect(first?.response.status_code).toBe(200);
    expect(imported.failures).toMatchObject([{ spec: 'a.json', code: 'output-invalid-json' }]);
    expect(JSON.parse((await bench.enriched('b.json')).prompt)).toMatchObject({
      resolution: { H: 360, W: 640 },
    });
  });

  it('are for several prompts of a spec, each with its own seed', async () => {
    const bench = await newBench({ 'a.json': scenes['a.json'] ?? {} }, { variants: 2 });
    await bench.export();
    const lines = await bench.linesOf('requests_01.jsonl');
    expect(lines.map(({ body }) => ('seed' in body ? body.seed : null))).toEqual([1, 2]);
    const answers = lines.map(({ custom_id }, index) =>
      said(custom_id, `Take ${index}: rusted cranes lean into violet light while gulls cross the water`),
    );
    const imported = await bench.import(answers);
    expect(imported.counts.enriched).toBe(2);
    expect((await bench.enriched('a.v2.json')).prompt).toContain('Take 1');
  });

  it('replace prompts of another engine or model only where that is meant', async () => {
    const bench = await newBench(scenes);
    await bench.export();
    const answers = await Promise.all((await bench.linesOf('requests_01.jsonl')).map(answerOf));
    const [name = ''] = Object.keys(scenes);
    const upsampling = { run_id: 'earlier', engine: 'openai', model: 'a-model', task_key: 'k' };
    const earlier = { prompt: 'Before', is_upsampled: true, metadata: { upsampling } };
    await mkdir(join(bench.folder, 'enriched'), { recursive: true });
    await writeFile(join(bench.folder, 'enriched', name), JSON.stringify(earlier));
    await expect(bench.import(answers)).rejects.toMatchObject({ code: 'output-exists' });
    expect(await bench.enriched(name)).toEqual(earlier);
    expect(await bench.import(answers, { isForced: true })).toMatchObject({ counts: { enriched: 3 } });
  });

  it('need the export, and never overwrite the specs', async () => {
    const bench = await newBench();
    await expect(bench.import([])).rejects.toMatchObject({ code: 'input-missing' });
    await bench.export();
    await expect(bench.import([], { outputDir: bench.input })).rejects.toMatchObject({
      code: 'usage-invalid',
    });
    const files = [join(bench.folder, 'nowhere.jsonl')];
    await expect(bench.import([], { files })).rejects.toMatchObject({ code: 'input-missing' });
    const moved = join(bench.folder, 'moved');
    await writeSpecs(moved, scenes);
    const lines = await bench.linesOf('requests_01.jsonl');
    const imported = await bench.import([await answerOf(lines[0] ?? { custom_id: '', body: {} })], {
      specsDir: moved,
    });
    expect(imported.counts).toMatchObject({ enriched: 1, missing: 2 });
  });
});
