import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { sendForever, startHostileHttp } from '../../../support/hostile/http-server.ts';
import { mostMemoryMib, runVictim } from '../../../support/hostile/victim.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

const open: { stop(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.stop()));
});

/** An engine that says its version, and nothing else that is true. */
async function engine(answer: (response: ServerResponse, path: string) => void) {
  const socketPath = join(await temporaryFolder(), 'd.sock');
  const version = JSON.stringify({ Version: '27.0', ApiVersion: '1.46', Os: 'linux' });
  const server = await startHostileHttp(socketPath, (path, response) => {
    if (path === '/version') response.end(version);
    else answer(response, path);
  });
  open.push(server);
  return { socketPath };
}

describe('an engine that sends without an end', () => {
  it.each([
    { scene: 'facts', begin: '{"Name":"', part: 'x' },
    { scene: 'inspect', begin: '{"a":[', part: '{},' },
    { scene: 'image', begin: '', part: '[' },
    { scene: 'containers', begin: '[', part: '{"Id":"a"},' },
    { scene: 'log', begin: '\u0001\0\0\0', part: '\xff' },
    { scene: 'pull', begin: '{"status":"', part: 'x' },
  ])('is not read to its end by $scene', async ({ scene, begin, part }) => {
    const end = await runVictim(scene, await engine((response) => sendForever(response, begin, part)));
    expect(end.error).toMatchObject({ name: 'AppError', code: 'host-refused' });
    expect(end.error?.message).toMatch(
      /^liar: the answer at \/var\/run\/docker\.sock is no Docker daemon's: /,
    );
    expect(end.memoryMib).toBeLessThan(mostMemoryMib);
  });

  it('may send as small pieces as it likes', async () => {
    const given = await engine((response) => {
      // Each a chunk of HTTP, and a buffer of the reader.
      response.socket?.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
      for (let sent = 0; sent < 40; sent += 1) response.socket?.write('1\r\nx\r\n'.repeat(50_000));
      response.socket?.end('0\r\n\r\n');
    });
    const end = await runVictim('inspect', given);
    expect(end.error?.code).toBe('host-refused');
    expect(end.memoryMib).toBeLessThan(mostMemoryMib);
  });

  it('may refuse at any length', async () => {
    const given = await engine((response) => {
      response.statusCode = 500;
      sendForever(response, '', 'no such thing ');
    });
    const end = await runVictim('inspect', given);
    expect(end.error?.message).toMatch(/^\(HTTP code 500\) server error - no such thing/);
    expect(end.error?.message.length).toBeLessThan(2_200);
    expect(end.memoryMib).toBeLessThan(mostMemoryMib);
  });

  it('shows no GPUs', async () => {
    const given = await engine((response, path) => {
      if (path.endsWith('/exec')) response.writeHead(201).end('{"Id":"1"}');
      else sendForever(response, '\u0001\0\0\0', '0, , , ');
    });
    expect(await runVictim('gpus', given)).toMatchObject({ value: 0, error: null });
  });

  it('can tell of as many layers as it likes', async () => {
    const given = await engine((response) => {
      for (let id = 0; id < 100_000; id += 1)
        response.write(`{"status":"Downloading","id":"${id}","progressDetail":{"current":1,"total":9}}\n`);
      response.end(`{"error":"${'it failed. '.repeat(90_000)}"}`);
    });
    const end = await runVictim('pull', given);
    expect(end.error?.code).toBe('image-failed');
    expect(end.error?.message.length).toBeLessThan(2_200);
    expect(end.memoryMib).toBeLessThan(mostMemoryMib);
  });
});

describe('an engine with answers of other kinds', () => {
  it.each([
    { scene: 'inspect', answer: '[]', what: 'the container slot' },
    { scene: 'inspect', answer: '{"Id":"a","State":null}', what: 'the container slot' },
    { scene: 'inspect', answer: 'no JSON', what: 'the container slot' },
    { scene: 'image', answer: '{"Id":7}', what: 'the image image' },
    { scene: 'containers', answer: '{"length":4000000000}', what: 'its containers' },
    { scene: 'oldImages', answer: '[{"Id":"a","Size":"many"}]', what: 'its images' },
    { scene: 'facts', answer: '7', what: 'itself' },
  ])('is told so: $scene of $answer', async ({ scene, answer, what }) => {
    const end = await runVictim(scene, await engine((response) => response.end(answer)));
    expect(end.error?.code).toBe('host-refused');
    expect(end.error?.message).toContain(`what it says of ${what} cannot be understood`);
  });
});
