import { describe, expect, it } from 'vitest';
import {
  answerError,
  withOwnStatus,
} from '../../../../../../src/worker/upsample/engines/openai/engine-errors.ts';
import { serverAddress } from '../../../../../../src/worker/upsample/engines/openai/server-address.ts';

const environment = { KEY: 'sk-secret-1234' };
const address = serverAddress(
  { base_url: 'http://user:pass-word@gpu:8000/v1/', api_key_env: 'KEY' },
  environment,
);

function errorOf(status: number, body: string, head: { retryAfter?: string; location?: string } = {}) {
  const { retryAfter = null, location = null } = head;
  const answer = { status, body, isUtf8: true, retryAfter, location };
  return answerError(answer, { path: '/chat/completions', model: 'pixtral', address, nowMs: 0 });
}

const said = (message: string) => JSON.stringify({ error: { message, code: 400 } });

describe('over-length wordings of the servers in use', () => {
  it.each([
    {
      server: 'vLLM, decoder prompt',
      status: 400,
      body: said('The decoder prompt (length 4685) is longer than the maximum model length of 4096.'),
    },
    {
      server: 'vLLM, chat',
      status: 400,
      body: said(
        "This model's maximum context length is 4096 tokens. However, you requested 4985 tokens (4685 in the messages, 300 in the completion).",
      ),
    },
    {
      server: 'vLLM, newer',
      status: 400,
      body: said(
        "You passed 4685 input tokens and requested 300 output tokens. However, the model's context length is only 4096 tokens.",
      ),
    },
    {
      server: 'SGLang',
      status: 400,
      body: said("The input (4685 tokens) is longer than the model's context length (4096 tokens)."),
    },
    {
      server: 'llama.cpp',
      status: 400,
      body: '{"error":{"code":400,"message":"the request exceeds the available context size","type":"exceed_context_size_error","n_prompt_tokens":4685,"n_ctx":4096}}',
    },
    {
      server: 'llama.cpp, older',
      status: 500,
      body: '{"error":{"code":500,"message":"the request exceeds the available context size","type":"exceed_context_size_error"}}',
    },
    {
      server: 'llama.cpp, whose slots share a context',
      status: 500,
      body: said('Context size has been exceeded.'),
    },
    { server: 'llama.cpp, with an image', status: 500, body: said('failed to process mtmd chunk') },
    { server: 'Ollama', status: 400, body: '{"error":"input length exceeds context length"}' },
    {
      server: 'OpenAI',
      status: 400,
      body: '{"error":{"message":"too long","code":"context_length_exceeded"}}',
    },
    {
      server: 'TGI',
      status: 422,
      body: '{"error":"Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096. Given: 4685"}',
    },
  ])('$server', ({ status, body }) => {
    expect(errorOf(status, body)).toMatchObject({ code: 'context-exceeded', class: 'permanent' });
  });

  it('keep their numbers', () => {
    expect(
      errorOf(400, said('maximum context length is 4096 tokens. However, you requested 4985')).message,
    ).toMatch(/4096.*4985/);
  });
});

describe('statuses', () => {
  it.each([
    { status: 400, code: 'request-rejected', class: 'permanent' },
    { status: 413, code: 'request-rejected', class: 'permanent' },
    { status: 422, code: 'request-rejected', class: 'permanent' },
    { status: 401, code: 'engine-rejected', class: 'fatal' },
    { status: 403, code: 'engine-rejected', class: 'fatal' },
    { status: 404, code: 'engine-rejected', class: 'fatal' },
    { status: 307, code: 'engine-rejected', class: 'fatal' },
    { status: 408, code: 'engine-failed', class: 'transient' },
    { status: 409, code: 'engine-failed', class: 'transient' },
    { status: 425, code: 'engine-failed', class: 'transient' },
    { status: 500, code: 'engine-failed', class: 'transient' },
    { status: 502, code: 'engine-failed', class: 'transient' },
    { status: 504, code: 'engine-failed', class: 'transient' },
    { status: 204, code: 'engine-failed', class: 'transient' },
    { status: 429, code: 'engine-unreachable', class: 'outage' },
    { status: 503, code: 'engine-unreachable', class: 'outage' },
  ])('$status is $class', ({ status, code, class: errorClass }) => {
    expect(errorOf(status, said('no'))).toMatchObject({ code, class: errorClass });
  });
});

describe('messages', () => {
  it.each([
    {
      rule: 'a 404 about the model names the model',
      status: 404,
      body: said('The model `x` does not exist'),
      says: /"pixtral"/,
    },
    {
      rule: 'another 404 names the URL and hints at /v1',
      status: 404,
      body: 'Not Found',
      says: /http:\/\/gpu:8000\/v1\/chat\/completions.*ends with \/v1/,
    },
    {
      rule: 'pages for people are left out',
      status: 500,
      body: '<html><body>oh no</body></html>',
      says: /\(HTTP 500\)/,
    },
    { rule: 'FastAPI details are found', status: 422, body: '{"detail":"bad field"}', says: /bad field/ },
    {
      rule: 'control characters are removed',
      status: 400,
      body: said('a\u001b[31mb\r\nc'),
      says: /a \[31mb c/,
    },
    {
      rule: 'the key is removed',
      status: 401,
      body: said('Incorrect API key: sk-secret-1234.'),
      says: /Incorrect API key: \[key\]/,
    },
  ])('$rule', ({ status, body, says }) => expect(errorOf(status, body).message).toMatch(says));

  it.each([400, 401, 404, 429, 500])('no password or key in a %s', (status) => {
    const { message } = errorOf(status, said('sk-secret-1234 and pass-word, again sk-secret-1234'));
    expect(message).not.toMatch(/sk-secret|pass-word/);
  });

  it('a long body is cut, after the key is removed', () => {
    const { message } = errorOf(400, said(`${'x'.repeat(595)}sk-secret-1234`));
    expect(message.length).toBeLessThan(800);
    expect(message).not.toContain('sk-s');
  });
});

it('Retry-After comes along', () => {
  expect(errorOf(429, said('slow'), { retryAfter: '7' }).retryAfterMs).toBe(7_000);
  expect(errorOf(500, said('slow'), { retryAfter: '3' }).retryAfterMs).toBe(3_000);
  expect(errorOf(503, said('slow')).retryAfterMs).toBeNull();
});

describe('an error inside a 200', () => {
  function errorInside(body: unknown) {
    const answer = {
      status: 200,
      body: JSON.stringify(body),
      retryAfter: null,
      location: null,
      isUtf8: true,
    };
    const own = withOwnStatus(answer);
    return own.status === 200 ? null : errorOf(own.status, own.body);
  }

  it.each([
    {
      rule: 'a gateway without a model that sees',
      body: { error: { message: 'No endpoints found that support image input', code: 404 } },
      code: 'engine-rejected',
      says: 'takes no images',
    },
    {
      rule: 'a gateway that asks to wait',
      body: { error: { message: 'Provider returned error', code: 429 } },
      code: 'engine-unreachable',
      says: 'asks to wait',
    },
    {
      rule: 'the same without a number',
      body: { error: { message: 'Rate limit reached', type: 'rate_limit_error' } },
      code: 'engine-unreachable',
      says: 'Rate limit reached',
    },
    {
      rule: 'a prompt that is too long',
      body: { error: { message: "This model's maximum context length is 4096 tokens", code: '400' } },
      code: 'context-exceeded',
      says: '4096',
    },
    {
      rule: 'a path that the server does not have',
      body: { error: 'Unexpected endpoint or method. (POST /chat/completions)' },
      code: 'engine-rejected',
      says: 'ends with /v1',
    },
    {
      rule: 'one in the first choice',
      body: { choices: [{ error: { code: 502, message: 'upstream died' }, message: { content: '' } }] },
      code: 'engine-failed',
      says: 'upstream died',
    },
    {
      rule: 'one that says nothing of its kind',
      body: { error: { message: 'oops' } },
      code: 'engine-failed',
      says: 'oops',
    },
  ])('$rule', ({ body, code, says }) => {
    const error = errorInside(body);
    expect(error?.code).toBe(code);
    expect(error?.message).toContain(says);
  });

  it('is not seen where there is none', () => {
    expect(errorInside({ choices: [{ message: { content: 'A car.' } }], error: null })).toBeNull();
    expect(errorInside({ object: 'list', data: [{ id: 'error' }] })).toBeNull();
  });
});

describe('what no request can mend ends the run', () => {
  it.each([
    {
      server: 'llama.cpp without a projector',
      status: 500,
      message:
        'image input is not supported - hint: if this is unexpected, you may need to provide the mmproj',
    },
    { server: 'vLLM with a text model', status: 400, message: 'tiny is not a multimodal model' },
    {
      server: 'vLLM with a limit of none',
      status: 400,
      message: 'At most 0 image(s) may be provided in one prompt.',
    },
    { server: 'a gateway', status: 404, message: 'No endpoints found that support image input' },
    { server: 'another', status: 400, message: 'This model does not support images' },
  ])('$server takes no images', ({ status, message }) => {
    expect(errorOf(status, said(message))).toMatchObject({
      code: 'engine-rejected',
      class: 'fatal',
      message: expect.stringContaining('takes no images'),
    });
  });

  it('an account without credit', () => {
    expect(errorOf(402, said('Insufficient credits'))).toMatchObject({
      class: 'fatal',
      message: expect.stringContaining('no credit left'),
    });
  });

  it('a key that was never set is not called refused', () => {
    const open = serverAddress({ base_url: 'http://gpu:8000/v1', api_key_env: null }, {});
    const answer = {
      status: 401,
      body: said('Unauthorized'),
      retryAfter: null,
      location: null,
      isUtf8: true,
    };
    const error = answerError(answer, { path: '/models', model: '', address: open, nowMs: 0 });
    expect(error.message).toContain('none is set');
  });
});

it.each([
  'http://gpu:8000/v1/chat/completions',
  'http://gpu:8000/v1/chat/completions/',
  'http://gpu:8000/v1/models',
  'http://gpu:8000/v1/completions',
])('%s is the address of one call', (pasted) => {
  expect(serverAddress({ base_url: pasted, api_key_env: null }, {}).shown).toBe('http://gpu:8000/v1');
});
