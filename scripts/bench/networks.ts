/**
 * How good the built-in networks are: ten clips are made half as large and large again, by Lanczos and by each network, and
 * compared with what they were. The clips are windows that move over photographs of scikit-image, which are fetched with:
 *
 *     pip download --no-deps scikit-image==0.26.0 && unzip scikit_image-*.whl 'skimage/data/*'
 *     cosmos models install esrgan-thick
 *     node scripts/bench/networks.ts --photos skimage/data [--networks esrgan-slim,esrgan-thick] [--json] [--write]
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { LocalModelLibrary } from '../../src/adapters/models/local-model-library.ts';
import { systemClock } from '../../src/adapters/system-clock.ts';
import { builtInNames } from '../../src/core/models/built-in-models.ts';
import { OnnxEngine } from '../../src/worker/upscale/onnx/onnx-engine.ts';
import { laneProgram } from '../../test/support/onnx/onnx-rig.ts';
import { writeMeasured } from './support/measured.ts';
import { type Figure, figure, printResult } from './support/result.ts';
import { inSandbox } from './support/sandbox.ts';

const { values } = parseArgs({
  options: {
    photos: { type: 'string', default: '.' },
    networks: { type: 'string', default: builtInNames.join(',') },
    json: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
});
const clips = {
  astronaut: 'astronaut.png',
  brick: 'brick.png',
  camera: 'camera.png',
  cat: 'chelsea.png',
  coffee: 'coffee.png',
  galaxies: 'hubble_deep_field.jpg',
  motorcycle: 'motorcycle_left.png',
  page: 'page.png',
  retina: 'retina.jpg',
  rocket: 'rocket.jpg',
} as const;
const frames = 2;
const scale = 2;
const small = { width: 160, height: 90, pixelFormat: 'rgb24' };
const large = { width: small.width * scale, height: small.height * scale };
const stop = new AbortController();

const result = await inSandbox('networks', async (sandbox) => {
  const inside = (name: string) => sandbox.path(name);
  const installed = join(homedir(), '.local/share/cosmos/installed-models');
  const library = new LocalModelLibrary(
    { cache: inside('models'), user: inside('own'), installed },
    { clock: systemClock, measure: () => Promise.reject(new Error('nothing is measured')) },
  );
  const figures: Figure[] = [];
  const ways = ['lanczos', ...values.networks.split(',')];
  for (const [clip, photo] of Object.entries(clips)) {
    makeClip(join(values.photos, photo), inside);
    for (const way of ways) {
      if (way === 'lanczos')
        ffmpeg(
          ...rawInput('small.rgb', small, inside),
          '-vf',
          `scale=${sizeOf(large)}:flags=lanczos`,
          ...rawOutput('made.rgb', inside),
        );
      else writeFileSync(inside('made.rgb'), await upscaled(way, library, readFileSync(inside('small.rgb'))));
      const { psnr, ssim } = compare(inside);
      process.stderr.write(`${clip}, ${way}: ${psnr.toFixed(2)} dB, ${ssim.toFixed(4)}\n`);
      figures.push(figure(`${way} PSNR: ${clip}`, psnr, 'dB'), figure(`${way} SSIM: ${clip}`, ssim, ''));
    }
  }
  const means = ways.flatMap((way) =>
    ['PSNR', 'SSIM'].map((kind) => {
      const of = figures.filter(({ name }) => name.startsWith(`${way} ${kind}: `));
      const mean = of.reduce((sum, { value }) => sum + value, 0) / of.length;
      return figure(`${way} ${kind}: all ten`, mean, kind === 'PSNR' ? 'dB' : '');
    }),
  );
  return {
    bench: 'networks',
    config: { scale, frames, size: sizeOf(small) },
    figures: [...figures, ...means],
  };
});
printResult(result, values.json);
if (values.write) writeMeasured(result);

/** `truth.rgb`: a window that moves over the photograph. `small.rgb`: the same, half as large. */
function makeClip(photo: string, inside: (name: string) => string): void {
  const fit = `scale=${2 * large.width}:${2 * large.height}:force_original_aspect_ratio=increase:flags=area`;
  const window = `crop=${large.width}:${large.height}:(in_w-out_w)/3+16*n:(in_h-out_h)/2+8*n`;
  ffmpeg(
    '-loop',
    '1',
    '-i',
    photo,
    '-frames:v',
    `${frames}`,
    '-vf',
    `${fit},${window}`,
    ...rawOutput('truth.rgb', inside),
  );
  ffmpeg(
    ...rawInput('truth.rgb', large, inside),
    '-vf',
    `scale=${sizeOf(small)}:flags=bicubic`,
    ...rawOutput('small.rgb', inside),
  );
}

async function upscaled(network: string, library: LocalModelLibrary, pictures: Buffer): Promise<Buffer> {
  const modelPath = library.pathOf(network, scale);
  await library.provide(modelPath);
  const engine = new OnnxEngine({ modelPath, program: laneProgram, log: () => undefined });
  await engine.start(stop.signal);
  const size = { batchSize: 1, tile: 0 };
  const to = engine.outputFormat(small);
  const lane = await engine.startLane({ from: small, to, clip: null, size, lane: 0, lanes: 1 }, stop.signal);
  try {
    const bytes = pictures.length / frames;
    const made: Uint8Array[] = [];
    for (let frame = 0; frame < frames; frame++)
      made.push(...(await lane.upscale([pictures.subarray(frame * bytes, (frame + 1) * bytes)])));
    return Buffer.concat(made);
  } finally {
    await lane.close();
  }
}

function compare(inside: (name: string) => string) {
  const inputs = [...rawInput('made.rgb', large, inside), ...rawInput('truth.rgb', large, inside)];
  const said = ffmpeg(...inputs, '-lavfi', '[0][1]psnr;[0][1]ssim', '-f', 'null', '-');
  return {
    psnr: Number(/average:([\d.]+)/.exec(said)?.[1]),
    ssim: Number(/All:([\d.]+)/.exec(said)?.[1]),
  };
}

/** @returns what it said. */
function ffmpeg(...words: readonly string[]): string {
  const command = ['-hide_banner', '-nostdin', '-y', ...words].map(
    (word) => `'${word.replaceAll("'", "'\\''")}'`,
  );
  return execFileSync('sh', ['-c', `ffmpeg ${command.join(' ')} 2>&1`], { encoding: 'utf8' });
}

function rawInput(name: string, size: { width: number; height: number }, inside: (name: string) => string) {
  return ['-f', 'rawvideo', '-pix_fmt', 'rgb24', '-s', sizeOf(size), '-i', inside(name)];
}

function rawOutput(name: string, inside: (name: string) => string) {
  return ['-f', 'rawvideo', '-pix_fmt', 'rgb24', inside(name)];
}

function sizeOf({ width, height }: { readonly width: number; readonly height: number }): string {
  return `${width}x${height}`;
}
