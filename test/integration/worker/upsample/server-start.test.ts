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
  const engine = new OpenAiEngine({ spec, media: {} as MediaTool, clock: systemClock, environment: {} });
  return {
    engine,
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
});

it('gives up when it loads for longer than an outage may last', async () => {
  await using rig = await engineOf(Number.POSITIVE_INFINITY, 600);
  await expect(rig.engine.start(never)).rejects.toMatchObject({
    code: 'engine-unreachable',
    class: 'fatal',
    message: expect.stringContaining('Loading model'),
  });
});
