import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { HttpClient } from '../../../../src/worker/http/http-client.ts';

const never = new AbortController().signal;
let server: Server;
let client: HttpClient;
let connections = 0;

async function listen(handle: RequestListener): Promise<URL> {
  client = new HttpClient();
  connections = 0;
  server = createServer(handle).on('connection', () => {
    connections += 1;
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
}

afterEach(async () => {
  client.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

describe('HttpClient', () => {
  it('uses as many connections as requests at the same time, again and again', async () => {
    const waiting: ServerResponse[] = [];
    const url = await listen((_, response) => {
      // Answers when all of a round are there.
      if (waiting.push(response) === 8) for (const each of waiting.splice(0)) each.end('{}');
    });
    for (let round = 0; round < 3; round += 1) {
      const calls = Array.from({ length: 8 }, () =>
        client.call({ method: 'POST', url, headers: {}, body: '{}', timeoutMs: 60_000 }, never),
      );
      await Promise.all(calls);
    }
    expect(connections).toBe(8);
  });

  it('asks again on a new connection when a kept one was closed under it', async () => {
    const answered = new WeakSet<Socket>();
    const url = await listen((request, response) => {
      if (answered.has(request.socket)) request.socket.destroy();
      else response.end('fine');
      answered.add(request.socket);
    });
    const bodies: string[] = [];
    for (let round = 0; round < 3; round += 1) {
      bodies.push((await client.call({ method: 'GET', url, headers: {}, timeoutMs: 60_000 }, never)).body);
    }
    expect(bodies).toEqual(['fine', 'fine', 'fine']);
  });

  it.each([
    { rule: 'no answer at all', handle: (socket: Socket) => socket.destroy(), reason: 'no-answer' },
    {
      rule: 'half an answer',
      handle: (socket: Socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf'),
      reason: 'cut-off',
    },
    {
      rule: 'something that is no HTTP',
      handle: (socket: Socket) => socket.end('hello\r\n\r\n'),
      reason: 'no-answer',
    },
    { rule: 'silence', handle: () => undefined, reason: 'timeout', timeoutMs: 300 },
  ])('$rule is told apart: $reason', async ({ handle, reason, timeoutMs = 60_000 }) => {
    const url = await listen((request) => handle(request.socket));
    const call = client.call({ method: 'GET', url, headers: {}, timeoutMs }, never);
    await expect(call).rejects.toMatchObject({ name: 'HttpError', reason });
  });

  it.each([
    { encoding: 'gzip', encode: gzipSync },
    { encoding: 'x-gzip', encode: gzipSync },
    { encoding: 'deflate', encode: deflateSync },
    { encoding: 'br', encode: brotliCompressSync },
    { encoding: 'zstd', encode: zstdCompressSync },
    { encoding: 'identity', encode: (text: string) => Buffer.from(text) },
  ])('reads an answer in $encoding, without its byte order mark', async ({ encoding, encode }) => {
    const url = await listen((_, response) => {
      response.setHeader('content-encoding', encoding).end(encode('\ufeff{"text":"Füchse"}'));
    });
    const { body } = await client.call({ method: 'GET', url, headers: {}, timeoutMs: 60_000 }, never);
    expect(body).toBe('{"text":"Füchse"}');
  });

  it('says that a compressed answer was cut off', async () => {
    const url = await listen((_, response) => {
      response.setHeader('content-encoding', 'gzip').end(gzipSync('text '.repeat(1000)).subarray(0, 30));
    });
    const call = client.call({ method: 'GET', url, headers: {}, timeoutMs: 60_000 }, never);
    await expect(call).rejects.toMatchObject({ name: 'HttpError', reason: 'cut-off' });
  });

  it('asks the proxy that the environment names, and not for what NO_PROXY names', async () => {
    const asked: (string | undefined)[] = [];
    const proxy = await listen((request, response) => {
      asked.push(request.url);
      response.end('by proxy');
    });
    const env = { HTTP_PROXY: proxy.href, NO_PROXY: '127.0.0.1' };
    const other = new HttpClient(env);
    const get = async (url: string) =>
      (await other.call({ method: 'GET', url: new URL(url), headers: {}, timeoutMs: 60_000 }, never)).body;
    expect([await get('http://model.invalid/v1/models'), await get(proxy.href)]).toEqual([
      'by proxy',
      'by proxy',
    ]);
    expect(asked).toEqual(['http://model.invalid/v1/models', '/']);
    other.close();
  });

  it('rejects with the reason of the signal', async () => {
    const url = await listen(() => undefined);
    const stop = new AbortController();
    const call = client.call({ method: 'GET', url, headers: {}, timeoutMs: 60_000 }, stop.signal);
    const reason = new Error('enough');
    stop.abort(reason);
    await expect(call).rejects.toBe(reason);
  });
});
