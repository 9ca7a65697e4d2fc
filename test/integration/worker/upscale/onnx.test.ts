import { execFile } from 'node:child_process';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { unzipSync } from 'fflate';
import { afterAll, expect, it } from 'vitest';
import { FfmpegFrameTool } from '../../../../src/adapters/frames/ffmpeg-frame-tool.ts';
import { FfmpegPictureTool } from '../../../../src/adapters/frames/ffmpeg-picture-tool.ts';
import { systemClock } from '../../../../src/adapters/system-clock.ts';
import type { SegmentTask, UpscalerSpec } from '../../../../src/protocol/segment.ts';
import { createJsonServer } from '../../../../src/worker/http/json-server.ts';
import { closeServer, listenPrivately } from '../../../../src/worker/http/listen.ts';
import { upscaleBatchRoute } from '../../../../src/worker/upscale/batch-endpoint/upscale-batch-route.ts';
import { createUpscaleEngine } from '../../../../src/worker/upscale/kind.ts';
import { SegmentUpscaler } from '../../../../src/worker/upscale/segment-upscaler.ts';
import { childrenOf } from '../../../support/child-processes.ts';
import { makeClip } from '../../../support/clips.ts';
import { KillingFrames } from '../../../support/killing-frames.ts';
import { sampleSegment, sampleUpscalerSpec } from '../../../support/memory-frames.ts';
import { laneProgram, OnnxRig } from '../../../support/onnx/onnx-rig.ts';
import { networkModel, repeatingNetwork } from '../../../support/onnx/sample-models.ts';
import { postPictures } from '../../../support/post-pictures.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

const run = promisify(execFile);
const folder = await temporaryFolder();
const { signal } = new AbortController();
/** Without loss, so that what differs is the model's doing. */
const encoding = { crf: 0, preset: 'ultrafast', threads: 1 } as const;
/** Makes each pixel four, all the same. */
const model = new OnnxRig(folder).write(networkModel(repeatingNetwork(2)));
const source = await makeClip(join(folder, 'source.mkv'), {
  ...{ width: 64, height: 36, fps: 24, frames: 24, codec: 'ffv1' },
  pixelFormat: 'yuv444p',
});

const task: SegmentTask = sampleSegment({
  clip: {
    ...sampleSegment().clip,
    frame: { width: 64, height: 36, pixel_format: 'rgb24' },
    target: { width: 128, height: 72, pixel_format: 'yuv444p' },
    time_base: { numerator: 1, denominator: 1000 },
  },
  first_time: null,
  repeats: new Array<number>(24).fill(1),
});

function open(spec: Partial<UpscalerSpec>, frames = new FfmpegFrameTool()) {
  const log: string[] = [];
  const say = (line: string) => void log.push(line);
  const wanted = sampleUpscalerSpec({ kind: 'onnx', model: 'c'.repeat(64), tile: 32, encoding, ...spec });
  const upscaler = new SegmentUpscaler(
    wanted,
    createUpscaleEngine(wanted, { frames, objectPathOf: () => model, program: laneProgram, log: say }),
    { frames, objectPathOf: () => source, runFolder: folder, clock: systemClock, log: say },
  );
  return { upscaler, log };
}

it('a segment is what the model makes of it, also when a lane is killed', async () => {
  const one = open({ lanes: 1 });
  await one.upscaler.start(signal);
  const facts = await one.upscaler.run(task, { signal, onProgress: () => undefined });
  expect(facts).toMatchObject({ width: 128, height: 72, frames: 24, tile: 32, batch_size: 8 });
  const made = join(folder, 'segments', `${task.task_key}.mp4`);
  const graph =
    '[0]settb=1/24,setpts=N,format=rgb24,scale=128:72:flags=neighbor[a];[1]settb=1/24,setpts=N,format=rgb24[b];[a][b]psnr';
  const { stderr } = await run('ffmpeg', ['-i', source, '-i', made, '-lavfi', graph, '-f', 'null', '-']);
  expect(Number(/average:([\d.]+)/.exec(stderr)?.[1])).toBeGreaterThan(42);
  await one.upscaler.stop();

  const frames = new KillingFrames('--lane', 18);
  const two = open({ lanes: 2 }, frames);
  await two.upscaler.start(signal);
  const again = await two.upscaler.run(task, { signal, onProgress: () => undefined });
  await two.upscaler.stop();
  expect(again.sha256).toBe(facts.sha256);
  expect(frames.kills).toBe(2);
  expect(await childrenOf('--lane')).toEqual([]);
});

it("a size that is not the model's own is what Lanczos makes of its frames", async () => {
  const target = { ...task.clip.target, width: 96, height: 54 };
  const other = { ...task, task_key: 'd'.repeat(64), clip: { ...task.clip, target } };
  const { upscaler } = open({ lanes: 1, scale: 1.5 });
  await upscaler.start(signal);
  const facts = await upscaler.run(other, { signal, onProgress: () => undefined });
  await upscaler.stop();
  expect(facts).toMatchObject({ width: 96, height: 54, frames: 24 });
  const made = join(folder, 'segments', `${other.task_key}.mp4`);
  const graph =
    '[0]settb=1/24,setpts=N,format=rgb24,scale=128:72:flags=neighbor,scale=96:54:flags=lanczos[a];[1]settb=1/24,setpts=N,format=rgb24[b];[a][b]psnr';
  const { stderr } = await run('ffmpeg', ['-i', source, '-i', made, '-lavfi', graph, '-f', 'null', '-']);
  expect(Number(/average:([\d.]+)/.exec(stderr)?.[1])).toBeGreaterThan(38);
});

it('pictures are upscaled with the model that is loaded', async () => {
  const { upscaler } = open({ lanes: 1 });
  await upscaler.start(signal);
  const handler = upscaleBatchRoute({
    pictures: new FfmpegPictureTool(),
    frames: new FfmpegFrameTool(),
    loadedModel: () => upscaler.model,
    log: () => undefined,
  });
  const routes = new Map([['/upscale_batch', { POST: handler }]]);
  const server = createJsonServer({ routes, log: () => undefined });
  const socketPath = join(folder, 'api.sock');
  await listenPrivately(server, socketPath);
  afterAll(() => closeServer(server));
  const path = join(folder, 'picture.png');
  await run('ffmpeg', ['-v', 'error', '-i', source, '-frames:v', '1', '-update', '1', path]);
  const picture = { name: 'picture.png', content: await readFile(path) };
  const { status, body } = await postPictures(socketPath, '/upscale_batch', [picture, picture]);
  expect(status).toBe(200);
  const upscaled = unzipSync(body);
  expect(Object.keys(upscaled)).toEqual(['picture.png', 'picture_2.png']);
  await writeFile(join(folder, 'upscaled.png'), upscaled['picture_2.png'] ?? '');
  const expected = await pixels(path, 'scale=128:72:flags=neighbor,');
  expect(await pixels(join(folder, 'upscaled.png'), '')).toEqual(expected);
  await upscaler.stop();
  expect(upscaler.model).toBeNull();
  expect(await childrenOf('--lane')).toEqual([]);
  expect((await readdir(join(folder, 'segments'))).filter((name) => name.endsWith('.tmp'))).toEqual([]);
});

async function pixels(path: string, filters: string): Promise<Buffer> {
  const options = ['-v', 'error', '-i', path, '-vf', `${filters}format=rgb24`, '-f', 'rawvideo', 'pipe:1'];
  return (await run('ffmpeg', options, { encoding: 'buffer' })).stdout;
}
