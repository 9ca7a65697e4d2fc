import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { systemClock } from '../../../../src/adapters/system-clock.ts';
import type { MediaTool } from '../../../../src/ports/media-tool.ts';
import { OpenAiEngine } from '../../../../src/worker/upsample/engines/openai/openai-engine.ts';
import { sampleEngine } from '../../../support/sample-work.ts';

const never = new AbortController().signal;

/** An engine whose server answers that it loads its model, so many times before it lists it. */
async function engineOf(loadingAnswers: number, maxOutageMs: number) {
  let asked = 0;
  const server = createServer((_, response) => {
    asked += 1;
    if (asked > loadingAnswers) response.end(JSON.stringify({ data: [{ id: 'tiny' }] }));
    else response.writeHead(503).end(JSON.stringify({ error: { message: 'Loading model', code: 503 } }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  const spec = sampleEngine(baseUrl, { model: '', retry: { max_outage_ms: maxOutageMs } });
  const log: string[] = [];
  const engine = new OpenAiEngine({
    ...{ spec, media: {} as MediaTool, clock: systemClock, environment: {} },
    log: (line) => void log.push(line),
  });
  return {
    engine,
    log,
    [Symbol.asyncDispose]: async () => {
      await engine.stop();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

it('waits for a server that loads its model, and says meanwhile why', async () => {
  await using rig = await engineOf(3, 60_000);
  const started = rig.engine.start(never);
  await expect.poll(() => rig.engine.waitReason).toContain('Loading model');
  await started;
  expect(rig.engine.waitReason).toBeNull();
  expect(rig.engine.server?.model).toBe('tiny');
  expect(rig.log).toEqual([
    expect.stringMatching(/^Waiting for the model server: .*Loading model/),
    expect.stringMatching(/^The model server answers after \d+ s\.$/),
  ]);
});

it('gives up when it loads for longer than an outage may last', async () => {
  await using rig = await engineOf(Number.POSITIVE_INFINITY, 600);
  await expect(rig.engine.start(never)).rejects.toMatchObject({
    code: 'engine-unreachable',
    class: 'fatal',
    message: expect.stringContaining('Loading model'),
  });
});

/** An engine of a server that answers each path as `routes` says, and 404 to all others. */
async function engineAt(path: string, routes: Readonly<Record<string, unknown>>) {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    const answer = routes[request.url ?? ''];
    response
      .writeHead(answer === undefined ? 404 : 200)
      .end(JSON.stringify(answer ?? { detail: 'Not Found' }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`;
  const media = { readJpegFrames: async () => [Buffer.from('a picture')] } as unknown as MediaTool;
  const spec = sampleEngine(baseUrl, { model: '', retry: { max_outage_ms: 60_000 } });
  const engine = new OpenAiEngine({ spec, media, clock: systemClock, environment: {} });
  return {
    engine,
    asked,
    [Symbol.asyncDispose]: async () => {
      await engine.stop();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const listing = { data: [{ id: 'tiny', owned_by: 'llamacpp' }], models: [{ capabilities: ['completion'] }] };

it.each([
  { path: '', at: '/v1' },
  { path: '/api', at: '/v1' },
  { path: '/llm', at: '/llm/v1' },
])('a run ends at once where base_url ends in "$path" and the API is at $at', async ({ path, at }) => {
  await using rig = await engineAt(path, { [`${at}/models`]: listing });
  await expect(rig.engine.start(never)).rejects.toMatchObject({
    code: 'engine-rejected',
    class: 'fatal',
    message: expect.stringMatching(new RegExp(`Set base_url to http://127.0.0.1:\\d+${at}\\.$`)),
  });
});

it('sends no picture to a server that says that it takes none, but text', async () => {
  const completion = { choices: [{ message: { content: 'A tram.' }, finish_reason: 'stop' }] };
  await using rig = await engineAt('/v1', { '/v1/models': listing, '/v1/chat/completions': completion });
  await rig.engine.start(never);
  const request = { prompt: 'a tram', maxOutputTokens: 9 };
  const withPicture = await rig.engine.prepare({ ...request, hintPath: '/hint.mp4' }, never);
  await expect(withPicture(1, never)).rejects.toMatchObject({
    class: 'fatal',
    message: expect.stringContaining('takes no images'),
  });
  expect(rig.asked).not.toContain('/v1/chat/completions');
  const textAlone = await rig.engine.prepare({ ...request, hintPath: null }, never);
  expect(await textAlone(1, never)).toMatchObject({ text: 'A tram.' });
});
