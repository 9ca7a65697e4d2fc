import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { unzipSync } from 'fflate';
import { afterAll, describe, expect, it } from 'vitest';
import { AppError } from '../../../../src/errors/app-error.ts';
import type { PictureTool } from '../../../../src/ports/frame-tool.ts';
import { createJsonServer, type Route } from '../../../../src/worker/http/json-server.ts';
import { closeServer, listenPrivately } from '../../../../src/worker/http/listen.ts';
import {
  BoundedMutex,
  upscaleBatchRoute,
} from '../../../../src/worker/upscale/batch-endpoint/upscale-batch-route.ts';
import { pictureNames } from '../../../../src/worker/upscale/batch-endpoint/upscale-pictures.ts';
import { LaneError, type UpscaleEngine } from '../../../../src/worker/upscale/upscale-engine.ts';
import { MemoryFrames, ScriptedEngine } from '../../../support/memory-frames.ts';
import { postPictures } from '../../../support/post-pictures.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';
import { waitFor } from '../../../support/wait-for.ts';

const folder = await temporaryFolder();
const toClose: (() => Promise<void>)[] = [];
afterAll(() => Promise.all(toClose.map((close) => close())));
const never = new AbortController().signal;
let servers = 0;

/** Pictures are texts: `WIDTHxHEIGHT VALUE`. */
const textPictures: PictureTool = {
  decodePicture: async (file, maxPixels) => {
    const [, width, height, value] = /^(\d+)x(\d+) (\d+)$/.exec(Buffer.from(file).toString()) ?? [];
    const pixels = Number(width) * Number(height);
    if (!(pixels <= maxPixels)) throw new AppError({ code: 'picture-unreadable', message: 'no picture.' });
    const data = new Uint8Array(pixels < 1e6 ? pixels * 3 : 3).fill(Number(value));
    return { width: Number(width), height: Number(height), data };
  },
  encodePng: async ({ width, height, data }) => Buffer.from(`${width}x${height} ${data[0]}`),
};

/** A server with nothing but the route. */
async function serve(model: UpscaleEngine | null = null, pictures = textPictures) {
  const socketPath = join(folder, `${servers++}.sock`);
  const log: string[] = [];
  const handler = upscaleBatchRoute({
    pictures,
    frames: new MemoryFrames(),
    loadedModel: () => model,
    log: (line) => log.push(line),
  });
  const routes = new Map<string, Route>([['/upscale_batch', { POST: handler }]]);
  const server = createJsonServer({ routes, log: (line) => log.push(line) });
  await listenPrivately(server, socketPath);
  toClose.push(() => closeServer(server));
  return { socketPath, log };
}

const contentsOf = (archive: Uint8Array) =>
  Object.entries(unzipSync(archive)).map(([name, content]) => [name, Buffer.from(content).toString()]);

describe('POST /upscale_batch', () => {
  it('gives an archive with the upscaled pictures under their names, in order', async () => {
    const { socketPath } = await serve();
    const files = [
      { name: 'frame_000002.png', content: '4x3 7' },
      { name: 'frame_000001.JPG', content: '4x3 8' },
      { name: 'C:\\photos\\größe.jpeg', content: '2x2 9' },
      { name: '../../frame_000002.png', content: '4x3 10' },
    ];
    const { status, type, body } = await postPictures(socketPath, '/upscale_batch', files);
    expect([status, type]).toEqual([200, 'application/zip']);
    expect(contentsOf(body)).toEqual([
      ['frame_000002.png', '8x6 7'],
      ['frame_000001.png', '8x6 8'],
      ['größe.png', '4x4 9'],
      ['frame_000002_2.png', '8x6 10'],
    ]);
    const again = await postPictures(socketPath, '/upscale_batch?scale=4', files.slice(0, 1));
    expect(contentsOf(again.body)).toEqual([['frame_000002.png', '16x12 7']]);
  });

  it('uses the model that is loaded, in one call for pictures of one size', async () => {
    const engine = new ScriptedEngine();
    const { socketPath } = await serve(engine);
    const files = [1, 2, 3].map((value) => ({ name: `${value}.png`, content: '4x4 1' }));
    const { body } = await postPictures(socketPath, '/upscale_batch', [
      ...files,
      { name: 'x', content: '5x4 5' },
    ]);
    expect(contentsOf(body)).toHaveLength(4);
    expect([engine.calls, engine.openLanes]).toEqual([2, 0]);
    const refused = await postPictures(socketPath, '/upscale_batch?scale=3', files);
    expect(refused.status).toBe(400);
    expect(refused.body.toString()).toContain('2 times as large');
  });

  it('halves what memory does not suffice for', async () => {
    const engine = new ScriptedEngine(({ frames }) => {
      if (frames.length > 1) throw new LaneError('out-of-memory', 'no memory');
    });
    const { socketPath } = await serve(engine);
    const files = [1, 2, 3].map((value) => ({ name: `${value}.png`, content: `4x4 ${value}` }));
    const { body } = await postPictures(socketPath, '/upscale_batch', files);
    expect(contentsOf(body).map(([, content]) => content)).toEqual(['8x8 1', '8x8 2', '8x8 3']);
  });

  const sound = { name: 'a.png', content: '2x2 1' };
  it.each([
    {
      name: 'a broken picture',
      files: [sound, { name: 'b.png', content: 'nothing' }],
      status: 400,
      code: 'picture-unreadable',
      text: '\\"b.png\\": no picture.',
    },
    {
      name: 'nine pictures',
      files: new Array(9).fill(sound),
      status: 413,
      code: 'too-many-files',
      text: 'At most 8',
    },
    { name: 'none', files: [], status: 400, code: 'upload-empty', text: '' },
    {
      name: 'another part',
      files: [sound],
      field: 'images',
      status: 400,
      code: 'upload-invalid',
      text: 'called \\"files\\"',
    },
    {
      name: 'a picture that gets too large',
      files: [{ name: 'b.png', content: '6000x5500 1' }],
      path: '/upscale_batch?scale=4',
      status: 413,
      code: 'picture-too-large',
      text: '6000x5500',
    },
    {
      name: 'a scale of 5',
      files: [sound],
      path: '/upscale_batch?scale=5',
      status: 400,
      code: 'scale-invalid',
      text: '',
    },
    {
      name: 'a file that is too large',
      files: [{ name: 'b.png', content: 'x'.repeat(33 * 1024 * 1024) }],
      status: 413,
      code: 'upload-too-large',
      text: '32 MiB',
    },
  ])('refuses $name', async ({ files, field, path = '/upscale_batch', status, code, text }) => {
    const { socketPath } = await serve();
    const answer = await postPictures(socketPath, path, files, field);
    expect(answer.status).toBe(status);
    expect(answer.body.toString()).toContain(`"code":"${code}"`);
    expect(answer.body.toString()).toContain(text);
    // The server goes on.
    expect((await postPictures(socketPath, '/upscale_batch', [sound])).status).toBe(200);
  });

  it.each([
    { name: 'no multipart', type: 'application/json', body: '{}', status: '415' },
    { name: 'no boundary', type: 'multipart/form-data', body: 'x', status: '400' },
    {
      name: 'a cut body',
      type: 'multipart/form-data; boundary=b',
      body: '--b\r\nContent-Disposition: form-data; name="files"; filename="a.png"\r\n\r\nabc',
      status: '400',
    },
    { name: 'no body', type: 'multipart/form-data; boundary=b', body: '', status: '400' },
    {
      name: 'no part at all',
      type: 'multipart/form-data; boundary=b',
      body: 'nothing of that kind',
      status: '400',
    },
  ])('refuses $name', async ({ type, body, status }) => {
    const { socketPath } = await serve();
    const socket = connect(socketPath);
    socket.write(
      `POST /upscale_batch HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: ${type}\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    const answer = Buffer.concat(await Array.fromAsync(socket as AsyncIterable<Buffer>)).toString();
    expect(answer).toContain(`HTTP/1.1 ${status} `);
    expect(answer).toContain('"error":{"code":');
  });

  it('ends everything when the client goes away, and serves the next one', async () => {
    const engine = new ScriptedEngine(({ calls }) =>
      calls === 1 ? new Promise(() => undefined) : undefined,
    );
    const { socketPath, log } = await serve(engine);
    const leaving = new AbortController();
    const gone = postPictures(socketPath, '/upscale_batch', [sound], 'files', leaving.signal);
    await waitFor(() => engine.calls === 1);
    const next = postPictures(socketPath, '/upscale_batch', [sound]);
    leaving.abort();
    await expect(gone).rejects.toThrow();
    expect((await next).status).toBe(200);
    expect(engine.openLanes).toBe(0);
    expect(log.join()).toContain('the client went away');
  });

  it('cuts an answer off that cannot be brought to its end', async () => {
    let encoded = 0;
    const encodePng = async () => {
      encoded += 1;
      if (encoded === 2) throw new AppError({ code: 'frames-failed', message: 'ffmpeg ended' });
      return new Uint8Array(100);
    };
    const { socketPath } = await serve(null, { ...textPictures, encodePng });
    await expect(postPictures(socketPath, '/upscale_batch', [sound, sound])).rejects.toThrow();
    expect(encoded).toBe(2);
  });
});

describe('turns', () => {
  it('one at a time, the others in order, and not too many', async () => {
    const turns = new BoundedMutex(2, 1_000);
    const seen: number[] = [];
    const work = (number: number) =>
      turns.run(never, async () => {
        seen.push(number);
        await delay(5);
        seen.push(-number);
      });
    const running = [work(1), work(2), work(3)];
    await expect(work(4)).rejects.toMatchObject({ status: 503, code: 'busy' });
    await Promise.all(running);
    expect(seen).toEqual([1, -1, 2, -2, 3, -3]);
    await work(5);
  });

  it('a wait ends when it gets too long, or its client leaves', async () => {
    const turns = new BoundedMutex(2, 20);
    const end = Promise.withResolvers<void>();
    const first = turns.run(never, () => end.promise);
    await expect(turns.run(never, async () => 1)).rejects.toMatchObject({ code: 'busy' });
    const leaving = new AbortController();
    const second = turns.run(leaving.signal, async () => 2);
    leaving.abort(new Error('gone'));
    await expect(second).rejects.toThrow('gone');
    end.resolve();
    await first;
    expect(await turns.run(never, async () => 3)).toBe(3);
  });
});

it.each([
  { given: ['a.png', 'A.PNG', 'a.jpeg'], expected: ['a.png', 'A_2.png', 'a_3.png'] },
  {
    given: ['..', '', '.hidden.png', '-rf.png'],
    expected: ['picture_1.png', 'picture_2.png', 'hidden.png', 'rf.png'],
  },
  {
    given: ['a\u0000b\n.png', 'x<y>:"|?*.jpg', '\u202egnp.exe'],
    expected: ['a_b_.png', 'x_y______.png', '_gnp.exe.png'],
  },
  { given: ['nul.png', 'COM1', '/etc/passwd'], expected: ['_nul.png', '_COM1.png', 'passwd.png'] },
  { given: ['é'.repeat(300)], expected: [`${'é'.repeat(60)}.png`] },
])('names: $given', ({ given, expected }) => expect(pictureNames(given)).toEqual(expected));
