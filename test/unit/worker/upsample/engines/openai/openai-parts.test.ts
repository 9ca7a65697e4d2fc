import { describe, expect, it } from 'vitest';
import {
  chatRequestBody,
  readChatAnswer,
} from '../../../../../../src/worker/upsample/engines/openai/chat-completion.ts';
import { chooseModel } from '../../../../../../src/worker/upsample/engines/openai/choose-model.ts';
import { retryAfterMs } from '../../../../../../src/worker/upsample/engines/openai/engine-errors.ts';
import { serverAddress } from '../../../../../../src/worker/upsample/engines/openai/server-address.ts';

describe('retryAfterMs', () => {
  const nowMs = Date.parse('2026-01-01T00:00:00Z');
  it.each([
    { rule: 'seconds', header: '12', expected: 12_000 },
    { rule: 'fractions of seconds', header: '0.5', expected: 500 },
    { rule: 'a date', header: 'Thu, 01 Jan 2026 00:00:30 GMT', expected: 30_000 },
    { rule: 'a date that has passed', header: 'Wed, 31 Dec 2025 00:00:00 GMT', expected: 0 },
    { rule: 'a day', header: '86400', expected: 86_400_000 },
    { rule: 'a date far away', header: 'Fri, 02 Jan 2026 00:00:00 GMT', expected: 86_400_000 },
    { rule: 'nonsense', header: 'soon', expected: null },
    { rule: 'none', header: null, expected: null },
  ])('$rule', ({ header, expected }) => expect(retryAfterMs(header, nowMs)).toBe(expected));
});

describe('chooseModel', () => {
  it.each([
    { rule: 'the one that is served', wanted: 'a', served: ['b', 'a'], expected: 'a' },
    { rule: 'the only one when none is set', wanted: '', served: ['a'], expected: 'a' },
    { rule: 'any when the server does not say', wanted: 'a', served: null, expected: 'a' },
    { rule: 'any when the list is empty', wanted: 'a', served: [], expected: 'a' },
    { rule: "Ollama's short name", wanted: 'llava', served: ['llava:latest'], expected: 'llava' },
    { rule: "Ollama's long name", wanted: 'llava:latest', served: ['llava'], expected: 'llava:latest' },
  ])('$rule', ({ wanted, served, expected }) => expect(chooseModel(wanted, served)).toBe(expected));

  it.each([
    {
      rule: 'the nearest names come first',
      wanted: 'pixtrl',
      served: ['qwen', 'pixtral', 'llava'],
      says: /It serves: pixtral,/,
    },
    {
      rule: 'a part of a name is near',
      wanted: 'Pixtral',
      served: ['qwen', 'nvidia/pixtral-12b'],
      says: /It serves: nvidia\/pixtral-12b, qwen/,
    },
    { rule: 'long lists are cut', wanted: 'x', served: [...'abcdefgh'], says: /and 3 more/ },
    { rule: 'none set, several served', wanted: '', served: ['a', 'b'], says: /several: a, b/ },
    { rule: 'none set, none known', wanted: '', served: null, says: /does not say/ },
  ])('$rule', ({ wanted, served, says }) => expect(() => chooseModel(wanted, served)).toThrow(says));
});

describe('serverAddress', () => {
  const spec = { base_url: 'http://gpu:8000/v1', api_key_env: null };
  it.each([
    'http://gpu:8000/v1',
    'http://gpu:8000/v1/',
    ' http://gpu:8000/v1// ',
    'http://gpu:8000/v1?x=1#y',
  ])('joins paths to %s', (base_url) => {
    expect(serverAddress({ ...spec, base_url }, {}).url('/models').href).toBe('http://gpu:8000/v1/models');
  });

  it('sends the key, trimmed, only when a variable is named', () => {
    const env = { KEY: ' abc \n' };
    expect(serverAddress({ ...spec, api_key_env: 'KEY' }, env).headers['authorization']).toBe('Bearer abc');
    expect(serverAddress(spec, env).headers).not.toHaveProperty('authorization');
  });

  it.each([
    { rule: 'no URL', change: { base_url: null }, says: /base_url is missing/ },
    { rule: 'an empty URL', change: { base_url: '' }, says: /base_url is missing/ },
    {
      rule: 'a host without a scheme',
      change: { base_url: 'gpu:8000/v1' },
      says: /not an http or https URL/,
    },
    { rule: 'a file', change: { base_url: 'file:///etc/passwd' }, says: /not an http or https URL/ },
    { rule: 'a variable that is not set', change: { api_key_env: 'NONE' }, says: /NONE is empty or not set/ },
    { rule: 'a variable of blanks', change: { api_key_env: 'BLANK' }, says: /BLANK is empty/ },
    { rule: 'a key with a line break', change: { api_key_env: 'BROKEN' }, says: /BROKEN has characters/ },
  ])('$rule is refused', ({ change, says }) => {
    const env = { BLANK: '  ', BROKEN: 'ab\ncd' };
    expect(() => serverAddress({ ...spec, ...change }, env)).toThrow(says);
  });
});

it('what the request has as a secret is not shown when the server quotes it', () => {
  const extra_body = { guard: { api_key: 'sk-hidden' }, stop: 'END-MARK' };
  const { clean } = serverAddress({ base_url: 'http://h/v1', api_key_env: null, extra_body }, {});
  expect(clean('bad sk-hidden near END-MARK')).toBe('bad [key] near END-MARK');
});

describe('chatRequestBody', () => {
  const spec = { instruction: 'Do.', temperature: 0.6 };
  const request = { prompt: 'p', maxOutputTokens: 300 };
  const bodyOf = (...args: Parameters<typeof chatRequestBody>) => JSON.parse(chatRequestBody(...args));
  const image = { type: 'image_url', image_url: { url: 'data:image/jpeg;base64,AQ==' } };
  const text = { type: 'text', text: 'Do.\n\np' };

  it('says nothing that is not set', () => {
    expect(bodyOf(spec, 'm', request, [new Uint8Array([1])], 1)).toEqual({
      model: 'm',
      messages: [{ role: 'user', content: [image, text] }],
      temperature: 0.6,
      max_tokens: 300,
    });
  });

  it('says what is set, and merges the rest of the request', () => {
    const set = { top_p: 0.8, top_k: 20, presence_penalty: 1.5, seed: 7 };
    const shape = { system_prompt: 'Be kind.', message_order: 'text-first' } as const;
    const extra_body = { repetition_penalty: 1.05, max_tokens: 9 };
    const body = bodyOf({ ...spec, ...set, ...shape, extra_body }, 'm', request, [new Uint8Array([1])], 1);
    expect(body).toMatchObject({ ...set, ...extra_body });
    expect(body.messages).toEqual([
      { role: 'system', content: 'Be kind.' },
      { role: 'user', content: [text, image] },
    ]);
  });

  it.each([
    { rule: 'none at first', seed: undefined, attempt: 1, expected: undefined },
    { rule: 'the attempt after that', seed: undefined, attempt: 3, expected: 3 },
    { rule: 'the one that is set', seed: 5, attempt: 1, expected: 5 },
    { rule: 'far from it after that', seed: 5, attempt: 2, expected: 1_000_008 },
  ])('seed: $rule', ({ seed, attempt, expected }) => {
    const own = seed === undefined ? {} : { seed };
    expect(bodyOf({ ...spec, ...own }, 'm', request, [], attempt).seed).toBe(expected);
    expect(bodyOf(spec, 'm', { ...request, ...own }, [], attempt).seed).toBe(expected);
  });

  it('shows the model its answer and what is wrong with it', () => {
    const correction = { answer: '{"a":', fault: 'it is not closed' };
    const { messages, response_format: format } = bodyOf(
      { ...spec, prompt_format: 'cosmos3-json' },
      'm',
      { ...request, durationSeconds: 8 },
      [],
      2,
      correction,
    );
    expect(messages.map(({ role }: { role: string }) => role)).toEqual(['user', 'assistant', 'user']);
    expect(messages[0].content[0].text).toMatch(/p\n\nThe video lasts 8 s\.$/);
    expect(messages[1].content).toBe(correction.answer);
    expect(messages[2].content).toContain(correction.fault);
    expect(format).toMatchObject({ type: 'json_schema', json_schema: { strict: true } });
  });
});

describe('readChatAnswer', () => {
  const asked = { model: 'asked', frames: 2 };
  const answer = (content: unknown, more: object = {}) =>
    JSON.stringify({ choices: [{ message: { content }, finish_reason: 'stop' }], ...more });

  it.each([
    { rule: 'a string', content: 'text', expected: 'text' },
    {
      rule: 'parts',
      content: [
        { type: 'text', text: 'te' },
        { type: 'text', text: 'xt' },
      ],
      expected: 'text',
    },
    {
      rule: 'parts of other kinds',
      content: [
        { type: 'refusal', text: 'x' },
        { type: 'text', text: 'text' },
      ],
      expected: 'text',
    },
    { rule: 'nothing', content: null, expected: '' },
  ])('content: $rule', ({ content, expected }) => {
    expect(readChatAnswer(answer(content), asked).text).toBe(expected);
  });

  it('takes what it can of usage and model, and says null or the asked one for the rest', () => {
    const usage = { prompt_tokens: 5, completion_tokens: -1 };
    expect(readChatAnswer(answer('x', { usage, model: 7 }), asked)).toMatchObject({
      framesUsed: 2,
      promptTokens: 5,
      outputTokens: null,
      model: 'asked',
    });
    expect(readChatAnswer(answer('x', { usage: 'none' }), asked).promptTokens).toBeNull();
  });

  it.each([
    '',
    'null',
    '[]',
    '{}',
    '{"choices":[]}',
    '{"choices":[{}]}',
    '{"choices":[{"message":{"content":5}}]}',
    '<html>',
  ])('%s is no answer', (body) => {
    expect(() => readChatAnswer(body, asked)).toThrow(expect.objectContaining({ class: 'transient' }));
  });
});
