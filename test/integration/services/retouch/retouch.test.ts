import { execFileSync } from 'node:child_process';
import { link, mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { LocalHost } from '../../../../src/adapters/local-host/local-host.ts';
import { systemClock } from '../../../../src/adapters/system-clock.ts';
import {
  bitsOf,
  type FrameFormat,
  frameBytes,
  planesOf,
  samplesOf,
} from '../../../../src/core/frames/frame-format.ts';
import type { RetoucherKind } from '../../../../src/core/retouch/retouch-settings.ts';
import { resolveSettings } from '../../../../src/core/settings/resolve-settings.ts';
import { partialObserver } from '../../../../src/output/progress/observers.ts';
import type { VideoObserver } from '../../../../src/ports/run-observer.ts';
import { retouchVideo } from '../../../../src/services/retouch/retouch-video.ts';

import { rotateTracks } from '../../../support/rotate-tracks.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';
import { createTestPorts } from '../../../support/test-ports.ts';
import { workerProgram } from '../../../support/worker-rig.ts';

const folder = await temporaryFolder();
const root = await realpath(await mkdtemp(join(tmpdir(), 'cp-')));
afterAll(() => rm(root, { recursive: true, force: true, maxRetries: 5 }));

function ffmpeg(...options: readonly string[]): Buffer {
  const everywhere = ['-nostdin', '-v', 'error', '-y'];
  return execFileSync('ffmpeg', [...everywhere, ...options], { maxBuffer: 1 << 28 });
}

/** Encoded without loss: what is decoded of it is what was encoded. */
const lossless = ['-c:v', 'libx264', '-preset', 'ultrafast', '-qp', '0', '-fps_mode', 'passthrough'];

async function retouched(
  input: string,
  output: string,
  regions: readonly string[],
  mask: string | null = null,
  engine: RetoucherKind = 'solid',
  plan: string | null = null,
) {
  const host = new LocalHost({ root, workerProgram, clock: systemClock });
  const { retouching } = resolveSettings([
    {
      source: 'the test',
      values: { retouching: { engine, crf: 0, preset: 'ultrafast', feather: 4 } },
    },
  ]);
  const request = {
    ...{ inputPath: join(folder, input), outputPath: join(folder, output), modelPath: null },
    ...{
      host: 'local',
      slots: 1,
      retouching,
      regions,
      maskPath: mask && join(folder, mask),
      planPath: plan && join(folder, plan),
      detect: null,
      isForced: false,
      isKeptGoing: false,
    },
    commandFolder: folder,
  };
  const context = {
    ports: createTestPorts(join(folder, `${output}-runs`), host),
    observer: partialObserver<VideoObserver>({}),
    signal: new AbortController().signal,
    isDetached: false,
  };
  return await retouchVideo(request, context);
}

/** All frames as they are stored, one after the other. */
function framesOf(name: string, pixelFormat: string): Buffer {
  const stored = ['-noautorotate', '-i', join(folder, name), '-map', '0:v:0', '-fps_mode', 'passthrough'];
  return ffmpeg(...stored, '-pix_fmt', pixelFormat, '-f', 'rawvideo', '-');
}

it('never takes the mask for its output, however it is named', async () => {
  ffmpeg('-f', 'lavfi', '-i', 'testsrc2=s=64x36:d=1', ...lossless, join(folder, 'masked.mp4'));
  await writeFile(join(folder, 'mask.mp4'), 'a mask');
  await link(join(folder, 'mask.mp4'), join(folder, 'second-name.mp4'));
  for (const output of ['mask.mp4', 'second-name.mp4'])
    await expect(retouched('masked.mp4', output, [], 'mask.mp4')).rejects.toMatchObject({
      message: 'The output is the mask.',
    });
  expect(await readFile(join(folder, 'mask.mp4'), 'utf8')).toBe('a mask');
});

it.each([
  { what: '4:2:0', size: '160x90', pixelFormat: 'yuv420p', box: [64, 30, 20, 10] },
  { what: '4:4:4 with odd sides', size: '161x91', pixelFormat: 'yuv444p', box: [151, 81, 10, 10] },
  { what: '4:2:0 with odd sides', size: '161x91', pixelFormat: 'yuv420p', box: [0, 81, 10, 10] },
  { what: 'a turned picture', size: '160x90', pixelFormat: 'yuv420p', box: [0, 150, 10, 10], turn: 90 },
] as const)('keeps every bit outside mask and feather: $what', async (scene) => {
  const { size, pixelFormat, box } = scene;
  const [name, out] = [
    `${scene.what}.mp4`.replaceAll(/[: ]/g, '-'),
    `out-${scene.what}.mp4`.replaceAll(/[: ]/g, '-'),
  ];
  const [width = 0, height = 0] = size.split('x').map(Number);
  const path = join(folder, name);
  // Odd sides of 4:2:0 are not H.264's.
  const codec = width % 2 === 1 && pixelFormat === 'yuv420p' ? ['-c:v', 'mpeg4', '-q:v', '2'] : lossless;
  const picture = `testsrc2=s=192x108:r=12:d=2,scale=${width}:${height},noise=alls=20:allf=t,setsar=1`;
  ffmpeg('-f', 'lavfi', '-i', picture, ...codec, '-pix_fmt', pixelFormat, path);
  if ('turn' in scene) await writeFile(path, rotateTracks(await readFile(path), scene.turn));

  // In frames 7 to 18 only.
  const { summary } = await retouched(name, out, [`${box.join(',')}@7f-18f`]);
  expect(summary).toMatchObject({ status: 'complete', kind: 'retouch' });

  const [from, to] = [
    { width, height, pixelFormat },
    { ...summary.size, pixelFormat },
  ];
  // Of the turned picture the stored one is turned back: its top left is the shown one's top right.
  const [x, y, w, h] = 'turn' in scene ? [box[1], height - box[0] - box[2], box[3], box[2]] : box;
  const isInTime = (frame: number) => frame >= 6 && frame < 18;
  const counts = countChanges([name, from], [out, to], {
    // The box, dilated by 4, and the feather of 4, on the grid of the chroma samples.
    mayChange: (frame, px, py) =>
      isInTime(frame) && px >= x - 9 && px < x + w + 9 && py >= y - 9 && py < y + h + 9,
    hasToChange: (frame, px, py) => isInTime(frame) && px >= x && px < x + w - 1 && py >= y && py < y + h - 1,
  });
  expect(counts).toEqual({ frames: 24, changedOutside: 0, keptInside: 0 });
});

it('fills a region with what other frames show there', async () => {
  const pan = 'mandelbrot=s=320x200:r=12,loop=30:1,trim=end_frame=30,setpts=N/12/TB,crop=160:90:2*n:2*n';
  ffmpeg('-f', 'lavfi', '-i', pan, ...lossless, '-pix_fmt', 'yuv420p', join(folder, 'clean.mp4'));
  const hidden = "drawbox=50:40:60:16:white:fill:enable='between(n,6,23)'";
  ffmpeg('-i', join(folder, 'clean.mp4'), '-vf', hidden, ...lossless, join(folder, 'hidden.mp4'));
  const { summary } = await retouched('hidden.mp4', 'filled.mp4', ['50,40,60,16@7f-24f'], null, 'fill');
  expect(summary).toMatchObject({ status: 'complete' });
  const [clean, filled] = ['clean.mp4', 'filled.mp4'].map((name) => framesOf(name, 'yuv420p'));
  expect(filled?.equals(clean ?? Buffer.alloc(0))).toBe(true);
});

/** Compares the frames of two videos; what has to change is black afterwards. */
function countChanges(
  [name, from]: readonly [string, FrameFormat],
  [out, to]: readonly [string, FrameFormat],
  is: Record<'mayChange' | 'hasToChange', (frame: number, x: number, y: number) => boolean>,
) {
  const [before, after] = [framesOf(name, from.pixelFormat), framesOf(out, to.pixelFormat)];
  const frames = before.length / frameBytes(from);
  expect(after.length / frameBytes(to)).toBe(frames);
  const depth = 2 ** (bitsOf(from) - 8);
  // Of 10 bits, x264 loses a little at any quality that can be asked for.
  const lost = depth === 1 ? 0 : 2 * depth;
  const differ = (one = 0, other = 0) => Math.abs(one - other) > lost;
  const counts = { frames, changedOutside: 0, keptInside: 0 };
  for (let frame = 0; frame < frames; frame++) {
    const source = samplesOf(before.subarray(frame * frameBytes(from), (frame + 1) * frameBytes(from)), from);
    const result = samplesOf(after.subarray(frame * frameBytes(to), (frame + 1) * frameBytes(to)), to);
    for (const [index, plane] of planesOf(from).entries()) {
      const own = planesOf(to)[index] ?? plane;
      const black = depth * (index === 0 ? 16 : 128);
      for (let row = 0; row < plane.height; row++) {
        for (let column = 0; column < plane.width; column++) {
          const was = source[plane.offset + row * plane.width + column];
          const now = result[own.offset + row * own.width + column];
          const [px, py] = [column * plane.across, row * plane.down];
          if (differ(was, now) && !is.mayChange(frame, px, py)) counts.changedOutside += 1;
          if (differ(now, black) && is.hasToChange(frame, px, py)) counts.keptInside += 1;
        }
      }
    }
  }
  return counts;
}

it.each([
  {
    what: 'a picture with two spots, on 10 bits',
    pixelFormat: 'yuv420p10le',
    mask: [
      '-i',
      'color=black:s=40x30,drawbox=0:0:5:4:white:fill,drawbox=30:20:5:6:white:fill',
      '-frames:v',
      '1',
    ],
    file: 'spots.png',
    size: [40, 30],
    maskedFrames: 24,
  },
  {
    what: 'a video of a moving disc that ends early',
    pixelFormat: 'yuv420p',
    mask: [
      '-i',
      "nullsrc=s=160x90:r=12:d=1,geq=lum='255*lt(hypot(X-20-6*N,Y-45),12)':cb=128:cr=128",
      '-c:v',
      'ffv1',
    ],
    file: 'disc.mkv',
    size: [160, 90],
    maskedFrames: 12,
  },
] as const)('works where a mask is white: $what', async ({ pixelFormat, mask, file, size, maskedFrames }) => {
  const [name, out] = [`to-mask-${pixelFormat}.mp4`, `masked-${pixelFormat}.mp4`];
  const picture = 'testsrc2=s=160x90:r=12:d=2,noise=alls=20:allf=t';
  ffmpeg('-f', 'lavfi', '-i', picture, ...lossless, '-pix_fmt', pixelFormat, join(folder, name));
  ffmpeg('-f', 'lavfi', ...mask, join(folder, file));
  const { summary } = await retouched(name, out, [], file);
  expect(summary).toMatchObject({ status: 'complete' });

  const format = { width: 160, height: 90, pixelFormat };
  const [width, height] = size;
  const masks = framesOf(file, 'gray');
  const isWhite = (frame: number, x: number, y: number) => {
    if (frame >= maskedFrames || x < 0 || y < 0 || x >= 160 || y >= 90) return false;
    const at = Math.floor((y * height) / 90) * width + Math.floor((x * width) / 160);
    return (masks[(frame * width * height + at) % masks.length] ?? 0) >= 128;
  };
  const around = [-9, -6, -3, 0, 3, 6, 9];
  const counts = countChanges([name, format], [out, format], {
    mayChange: (frame, x, y) => around.some((dx) => around.some((dy) => isWhite(frame, x + dx, y + dy))),
    hasToChange: (frame, x, y) => isWhite(frame, x, y) && isWhite(frame, x + 1, y + 1),
  });
  expect(counts).toEqual({ frames: 24, changedOutside: 0, keptInside: 0 });
});

it.each([
  { region: '200,10,20,20', reason: /outside the picture, which is 160x90/ },
  { region: '10,10,20,20@60-', reason: /after the last of the 24 frames/ },
])('refuses a region that is nowhere, with its reason: $region', async ({ region, reason }) => {
  const failing = retouched('4-2-0.mp4', 'never.mp4', [region]);
  await expect(failing).rejects.toMatchObject({
    code: 'usage-invalid',
    message: expect.stringMatching(reason),
  });
});

it.each([
  { regions: [], reason: /plan\.json has no region/ },
  { regions: [{ region: '1,2,x,4' }], reason: /plan\.json: the region 1,2,x,4: "x" is neither/ },
])('says what is wrong with a plan, and in which file: $regions', async ({ regions, reason }) => {
  const plan = { version: 1, kind: 'retouch-regions', video: '', width: 160, height: 90, regions };
  await writeFile(join(folder, 'plan.json'), JSON.stringify(plan));
  const failing = retouched('4-2-0.mp4', 'never.mp4', [], null, 'solid', 'plan.json');
  await expect(failing).rejects.toMatchObject({
    code: 'usage-invalid',
    message: expect.stringMatching(reason),
  });
});
