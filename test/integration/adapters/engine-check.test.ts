import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { checkThisMachine } from '../../../src/composition.ts';
import { resolveSettings } from '../../../src/core/settings/resolve-settings.ts';

let server: Server | null = null;

afterEach(() => {
  server?.closeAllConnections();
  server?.close();
  server = null;
});

/** What `doctor` finds of a server that gives this answer to everything. */
async function findingOf(status: number, body: unknown, engine: Record<string, unknown> = {}) {
  server = createServer((_, response) => response.writeHead(status).end(JSON.stringify(body)));
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const own = {
    kind: 'openai',
    base_url: `http://user:secret-word@127.0.0.1:${port}/v1`,
    model: 'org/model',
  };
  const settings = resolveSettings([
    { source: 'the test', values: { upsampling: { max_tokens: 8192, engine: { ...own, ...engine } } } },
  ]);
  const checks = await checkThisMachine(settings, null);
  const found = checks.find(({ name }) => name === 'engine');
  expect(JSON.stringify(found)).not.toContain('secret-word');
  return found;
}

const listed = (model: Record<string, unknown>) => ({
  object: 'list',
  data: [{ id: 'org/model', ...model }],
});

describe('doctor judges a server as a run does', () => {
  it.each([
    { rule: 'that has the model', status: 200, body: listed({}), finds: 'ok', says: 'model org/model' },
    {
      rule: 'that has it under another name',
      status: 200,
      body: { data: [{ id: 'model-q4.gguf', aliases: ['org/model'] }] },
      finds: 'ok',
      says: 'model org/model',
    },
    {
      rule: 'that has another one',
      status: 200,
      body: { data: [{ id: 'other' }] },
      finds: 'failed',
      says: 'It serves: other',
    },
    {
      rule: 'whose context is small (vLLM)',
      status: 200,
      body: listed({ max_model_len: 4096 }),
      finds: 'warning',
      says: '4096 tokens, and upsampling.max_tokens is 8192',
    },
    {
      rule: 'whose context is small (llama.cpp)',
      status: 200,
      body: listed({ meta: { n_ctx: 2048 } }),
      finds: 'warning',
      says: '2048 tokens',
    },
    {
      rule: 'that still loads its model',
      status: 503,
      body: { error: { message: 'Loading model', type: 'unavailable_error', code: 503 } },
      finds: 'warning',
      says: 'Loading model',
    },
    {
      rule: 'that wants a key',
      status: 401,
      body: { error: { message: 'Unauthorized' } },
      finds: 'failed',
      says: 'API key',
    },
    {
      rule: 'behind a gateway that sends errors inside a 200',
      status: 200,
      body: { error: 'Unexpected endpoint or method. (GET /models)' },
      finds: 'warning',
      says: 'does not list its models',
    },
  ])('one $rule: $finds', async ({ status, body, finds, says }) => {
    const found = await findingOf(status, body);
    expect(found?.status).toBe(finds);
    expect(found?.detail).toContain(says);
  });

  it('asks on ports that browsers refuse, and says when nothing answers', async () => {
    const found = await findingOf(200, listed({}), { base_url: 'http://127.0.0.1:10080/v1' });
    expect(found?.status).toBe('failed');
    expect(found?.detail).toContain('No connection to the server at http://127.0.0.1:10080/v1');
  });
});
