import { createServer, type IncomingMessage, type Server } from 'node:http';
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

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

interface Asked {
  /** Added to `base_url` behind the port. */
  readonly path?: string;
  readonly engine?: Record<string, unknown>;
  readonly isDeep?: boolean;
}

/** What `doctor` finds of a server that gives this answer to everything. */
async function findingOf(status: number, body: unknown, engine: Record<string, unknown> = {}) {
  return await findingFrom(() => ({ status, body }), { engine });
}

/** What `doctor` finds of a server. */
async function findingFrom(
  answer: (route: string, body: string) => Answer,
  { path = '/v1', engine = {}, isDeep = false }: Asked,
) {
  server = createServer(async (request, response) => {
    const { status, body } = answer(`${request.method} ${request.url}`, await readAll(request));
    response.writeHead(status).end(typeof body === 'string' ? body : JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const own = {
    kind: 'openai',
    base_url: `http://user:secret-word@127.0.0.1:${port}${path}`,
    model: 'org/model',
  };
  const settings = resolveSettings([
    { source: 'the test', values: { upsampling: { max_tokens: 8192, engine: { ...own, ...engine } } } },
  ]);
  const checks = await checkThisMachine(settings, null, { isDeep });
  const found = checks.find(({ name }) => name === 'engine');
  expect(JSON.stringify(found)).not.toContain('secret-word');
  return found;
}

async function readAll(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return text;
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
      says: '4096 tokens per prompt, but upsampling.max_tokens is 8192',
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
      fix: 'api_key_env',
    },
    {
      rule: 'behind a gateway that sends errors inside a 200',
      status: 200,
      body: { error: 'Unexpected endpoint or method. (GET /models)' },
      finds: 'warning',
      says: 'does not list its models',
    },
  ])('one $rule: $finds', async ({ status, body, finds, says, fix = '' }) => {
    const found = await findingOf(status, body);
    expect(found?.status).toBe(finds);
    expect(found?.detail).toContain(says);
    expect(found?.fix ?? '').toContain(fix);
  });

  it('asks on ports that browsers refuse, and says when nothing answers', async () => {
    const found = await findingOf(200, listed({}), { base_url: 'http://127.0.0.1:10080/v1' });
    expect(found?.status).toBe('failed');
    expect(found?.detail).toContain('No connection to the server at http://127.0.0.1:10080/v1');
  });
});

describe('a base_url that is not where the API is', () => {
  const notFound = { status: 404, body: { detail: 'Not Found' } };
  const models = { status: 200, body: listed({}) };

  it.each([
    { rule: 'without /v1 (vLLM)', path: '', at: '/v1', otherwise: notFound },
    { rule: 'without /v1, with a slash', path: '/', at: '/v1', otherwise: notFound },
    {
      rule: 'without /v1, where unknown paths are errors inside a 200',
      path: '',
      at: '/v1',
      otherwise: { status: 200, body: { error: 'Unexpected endpoint or method. (GET /models)' } },
    },
    {
      rule: 'without /v1, where every path shows a page',
      path: '',
      at: '/v1',
      otherwise: { status: 200, body: '<!doctype html><title>Chat</title>' },
    },
    { rule: 'that is the own API of the server (Ollama)', path: '/api', at: '/v1', otherwise: notFound },
    { rule: 'with /v1 twice', path: '/v1/v1', at: '/v1', otherwise: notFound },
    {
      rule: 'without /v1 below a prefix',
      path: '/llm',
      at: '/llm/v1',
      otherwise: { status: 405, body: { error: { message: 'Method Not Allowed' } } },
    },
  ])('$rule: the right one is named', async ({ path, at, otherwise }) => {
    const answer = (route: string) => (route === `GET ${at}/models` ? models : otherwise);
    for (const model of ['org/model', '']) {
      const found = await findingFrom(answer, { path, engine: { model } });
      expect(found?.status).toBe('failed');
      expect(found?.detail).toMatch(new RegExp(`Set base_url to http://127.0.0.1:\\d+${at}\\.$`));
      server?.close();
    }
  });

  it.each([
    { path: '', finds: 'failed', fix: '/v1", or see with --deep' },
    { path: '/v1', finds: 'warning', fix: 'A base_url usually ends in /v1.' },
  ])('that lists its models nowhere, at "$path": $finds', async ({ path, finds, fix }) => {
    const found = await findingFrom(() => notFound, { path });
    expect(found).toMatchObject({ status: finds, fix: expect.stringContaining(fix) });
  });
});

describe('whether the model takes images', () => {
  const llama = (capabilities: string[], modalities?: object) => (route: string) => {
    const list = { models: [{ capabilities }], ...listed({ owned_by: 'llamacpp', meta: { n_ctx: 8192 } }) };
    if (route === 'GET /v1/models') return { status: 200, body: list };
    if (route === 'GET /props' && modalities) return { status: 200, body: { modalities } };
    return { status: 404, body: { error: { message: 'File Not Found', code: 404 } } };
  };
  const list = (model: object) => () => ({ status: 200, body: listed({ ...model }) });

  it.each([
    { rule: 'llama.cpp, by its capabilities', answer: llama(['completion']), finds: 'failed' },
    { rule: 'llama.cpp with a projector', answer: llama(['completion', 'multimodal']), finds: 'ok' },
    {
      rule: 'llama.cpp that hears but does not see, by its props',
      answer: llama(['completion', 'multimodal'], { vision: false, audio: true }),
      finds: 'failed',
    },
    {
      rule: 'llama.cpp, by its props',
      answer: llama(['completion', 'multimodal'], { vision: true, audio: false }),
      finds: 'ok',
    },
    {
      rule: 'OpenRouter, text alone',
      answer: list({ architecture: { input_modalities: ['text'] } }),
      finds: 'failed',
    },
    {
      rule: 'OpenRouter, with images',
      answer: list({ architecture: { input_modalities: ['text', 'image'] } }),
      finds: 'ok',
    },
    { rule: 'Mistral, without', answer: list({ capabilities: { vision: false } }), finds: 'failed' },
    { rule: 'Mistral, with', answer: list({ capabilities: { vision: true } }), finds: 'ok' },
  ])('is asked without --deep: $rule', async ({ answer, finds }) => {
    const found = await findingFrom(answer, {});
    expect(found?.status).toBe(finds);
    expect(found?.detail).toContain(finds === 'ok' ? 'takes images' : 'takes no images');
  });

  it('is not known of others, and --deep is named', async () => {
    const found = await findingFrom(list({ owned_by: 'vllm' }), {});
    expect(found).toMatchObject({ status: 'ok', detail: expect.stringContaining('--deep') });
  });

  const chat = (content: string, promptTokens?: number) => ({
    status: 200,
    body: {
      choices: [{ message: { content }, finish_reason: 'stop' }],
      ...(promptTokens === undefined ? {} : { usage: { prompt_tokens: promptTokens, completion_tokens: 1 } }),
    },
  });

  it.each([
    { rule: 'names the colour', answer: chat('Red.', 170), finds: 'ok', says: 'sees images' },
    { rule: 'names it in another language', answer: chat('红色', 170), finds: 'ok', says: 'sees images' },
    {
      rule: 'guesses, and counts no picture',
      answer: chat('Blue', 35),
      finds: 'failed',
      says: 'said "Blue" to "which?", and it was not counted (35 prompt tokens)',
    },
    { rule: 'says nothing of use, but counts it', answer: chat('', 495), finds: 'warning', says: '495' },
    { rule: 'guesses and counts nothing', answer: chat('Blue'), finds: 'warning', says: '"Blue"' },
    {
      rule: 'refuses it (vLLM)',
      answer: {
        status: 400,
        body: { error: { message: 'At most 0 image(s) may be provided in one prompt.', code: 400 } },
      },
      finds: 'failed',
      says: 'takes no images',
    },
    {
      rule: 'refuses it (llama.cpp)',
      answer: {
        status: 500,
        body: { error: { message: 'image input is not supported - hint: provide the mmproj', code: 500 } },
      },
      finds: 'failed',
      says: 'takes no images',
    },
  ])('is tried with --deep: one that $rule', async ({ answer, finds, says }) => {
    const bodies: string[] = [];
    const found = await findingFrom(
      (route, body) => {
        if (route === 'GET /v1/models') return { status: 200, body: listed({}) };
        bodies.push(body);
        return answer;
      },
      { isDeep: true },
    );
    expect([found?.status, found?.detail]).toEqual([finds, expect.stringContaining(says)]);
    expect(bodies).toHaveLength(1);
    expect(bodies[0]).toContain('data:image/jpeg;base64,');
  });
});
