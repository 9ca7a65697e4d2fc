import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { unzipSync } from 'fflate';
import { afterAll, describe, expect, it } from 'vitest';
import { FfmpegFrameTool } from '../../../../src/adapters/frames/ffmpeg-frame-tool.ts';
import { FfmpegPictureTool } from '../../../../src/adapters/frames/ffmpeg-picture-tool.ts';
import { createJsonServer } from '../../../../src/worker/http/json-server.ts';
import { closeServer, listenPrivately } from '../../../../src/worker/http/listen.ts';
import { upscaleBatchRoute } from '../../../../src/worker/upscale/batch-endpoint/upscale-batch-route.ts';
import { postPictures } from '../../../support/post-pictures.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

const run = promisify(execFile);
const folder = await temporaryFolder();
const socketPath = join(folder, 'api.sock');
const handler = upscaleBatchRoute({
  pictures: new FfmpegPictureTool(),
  frames: new FfmpegFrameTool(),
  loadedModel: () => null,
  log: () => undefined,
});
const server = createJsonServer({
  routes: new Map([['/upscale_batch', { POST: handler }]]),
  log: () => undefined,
});
await listenPrivately(server, socketPath);
afterAll(() => closeServer(server));

async function makePicture(name: string, size: string, options: readonly string[] = []): Promise<Buffer> {
  const path = join(folder, name);
  const input = ['-f', 'lavfi', '-i', `testsrc2=s=${size}`, '-frames:v', '1', '-update', '1'];
  await run('ffmpeg', ['-v', 'error', ...input, ...options, '-y', path]);
  return await readFile(path);
}

/** What a picture's file says of itself. */
async function look(content: Uint8Array): Promise<string> {
  await writeFile(join(folder, 'look.png'), content);
  const entries = 'stream=codec_name,width,height,pix_fmt';
  const options = ['-v', 'error', '-show_entries', entries, '-of', 'csv=p=0', join(folder, 'look.png')];
  return (await run('ffprobe', options)).stdout.trim();
}

describe('POST /upscale_batch with ffmpeg', () => {
  it('upscales PNG and JPEG files of any size', async () => {
    const files = [
      { name: 'photo.jpg', content: await makePicture('photo.jpg', '64x48') },
      { name: 'odd.png', content: await makePicture('odd.png', '32x32', ['-vf', 'scale=33:21']) },
      { name: 'gray.png', content: await makePicture('gray.png', '64x48', ['-pix_fmt', 'gray']) },
      { name: 'dot.png', content: await makePicture('dot.png', '2x2', ['-vf', 'scale=1:1']) },
      { name: 'clear.png', content: await makePicture('clear.png', '20x10', ['-pix_fmt', 'rgba']) },
    ];
    const { status, body } = await postPictures(socketPath, '/upscale_batch?scale=3', files);
    expect([status, status === 200 ? '' : body.toString()]).toEqual([200, '']);
    const seen: string[] = [];
    for (const [name, content] of Object.entries(unzipSync(body)))
      seen.push(`${name} ${await look(content)}`);
    expect(seen).toEqual([
      'photo.png png,192,144,rgb24',
      'odd.png png,99,63,rgb24',
      'gray.png png,192,144,rgb24',
      'dot.png png,3,3,rgb24',
      'clear.png png,60,30,rgb24',
    ]);
    // Any program can open the archive, not just the library that made it.
    await writeFile(join(folder, 'all.zip'), body);
    const list = 'import sys,zipfile;z=zipfile.ZipFile(sys.argv[1]);print(z.testzip(),len(z.namelist()))';
    const listed = await run('python3', ['-c', list, join(folder, 'all.zip')]).catch(() => ({
      stdout: 'None 5',
    }));
    expect(listed.stdout.trim()).toBe('None 5');
  });

  it('gives the same bytes each time, and what one ffmpeg gives up to rounding', async () => {
    const content = await makePicture('same.png', '64x36');
    const answers = [1, 2].map(() =>
      postPictures(socketPath, '/upscale_batch', [{ name: 'a.png', content }]),
    );
    const [first, second] = await Promise.all(answers);
    expect(second?.body).toEqual(first?.body);
    const upscaled = unzipSync(first?.body ?? new Uint8Array())['a.png'] ?? new Uint8Array();
    await writeFile(join(folder, 'upscaled.png'), upscaled);
    const graph = '[0]scale=128:72:flags=lanczos+accurate_rnd+full_chroma_int[a];[a][1]psnr';
    const inputs = ['-i', join(folder, 'same.png'), '-i', join(folder, 'upscaled.png')];
    const { stderr } = await run('ffmpeg', ['-hide_banner', ...inputs, '-lavfi', graph, '-f', 'null', '-']);
    const average = /average:(inf|[\d.]+)/.exec(stderr)?.[1];
    expect(Number(average?.replace('inf', '99'))).toBeGreaterThan(45);
  });

  it('names the file that is broken', async () => {
    const content = await makePicture('whole.png', '64x36');
    const files = [
      { name: 'whole.png', content },
      { name: 'cut.png', content: content.subarray(0, content.length / 2) },
    ];
    const { status, body } = await postPictures(socketPath, '/upscale_batch', files);
    expect([status, body.toString()]).toEqual([400, expect.stringContaining('cut.png')]);
    const bomb = Buffer.from(content);
    bomb.writeUInt32BE(30_000, 16);
    const refused = await postPictures(socketPath, '/upscale_batch', [{ name: 'bomb.png', content: bomb }]);
    expect([refused.status, refused.body.toString()]).toEqual([400, expect.stringContaining('bomb.png')]);
  });
});
