/**
 * How well duplicate frames are found in lossy videos: on animation on threes, of which two thirds are duplicates, and on
 * fades and small slow motion, which have none. Prints a table, or JSON with `--json`.
 *
 *     node scripts/bench/duplicates.ts [--mode safe] [--size 640x360] [--frames 144] [--json]
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createDuplicateFinder, duplicateModes } from '../../src/core/frames/duplicates/duplicate-finder.ts';
import { parseSize } from '../../src/core/hints/display-size.ts';
import {
  animated,
  drawScene,
  encodeLossy,
  type LossyEncoding,
  type Scene,
  slow,
} from '../../test/support/duplicate-scenes.ts';
import { judgeFinder } from '../../test/support/judge-finder.ts';

const { values } = parseArgs({
  options: {
    mode: { type: 'string', default: 'safe' },
    size: { type: 'string', default: '640x360' },
    frames: { type: 'string', default: '144' },
    json: { type: 'boolean', default: false },
  },
});
const mode = duplicateModes.find((name) => name === values.mode) ?? 'safe';
const size = parseSize(values.size) ?? { width: 640, height: 360 };
const frames = Number(values.frames);
const encodings: readonly LossyEncoding[] = [18, 23, 28].flatMap((crf) => [
  { crf, preset: 'medium' as const },
  { crf, preset: 'veryfast' as const },
]);
const folder = await mkdtemp(join(tmpdir(), 'cosmos-bench-duplicates-'));

try {
  const rows = [...(await measure(animated, 3)), ...(await measure(slow, 1))];
  const speed = { luma: framesPerSecond(1), yuv420p: framesPerSecond(1.5) };
  if (values.json) console.log(JSON.stringify({ mode, size, frames, rows, frames_per_second_1080p: speed }));
  else {
    console.table(rows);
    console.log(
      `1080p frames per second, each with noise everywhere: ${speed.luma} of luma, ${speed.yuv420p} of yuv420p`,
    );
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}

/** One row for each scene and encoding; shares in percent. */
async function measure(scenes: readonly Scene[], holdFrames: number) {
  const rows = [];
  for (const scene of scenes) {
    const original = join(folder, 'original.mkv');
    await drawScene(original, scene, { size, holdFrames, frames });
    for (const encoding of encodings) {
      const lossy = join(folder, 'lossy.mkv');
      await encodeLossy(original, lossy, encoding);
      const source = await judgeFinder(mode, { original, lossy }, size);
      const enlarged = await judgeFinder(mode, { original, lossy }, size, 2);
      rows.push({
        scene: scene.name,
        on: holdFrames,
        ...encoding,
        duplicates: percent(source.duplicates / source.frames),
        found: percent(source.found / source.frames),
        real_taken: percent(source.wrong / (source.frames - source.duplicates)),
        worst_psnr: Math.round(10 * source.worstPsnr) / 10,
        worst_psnr_2x: Math.round(10 * enlarged.worstPsnr) / 10,
      });
    }
  }
  return rows;
}

function percent(share: number): number {
  return Math.round(1000 * share) / 10;
}

/** The slowest case: every block differs a little, so that no frame is told apart early and none is skipped. */
function framesPerSecond(bytesPerPixel: number): number {
  const finder = createDuplicateFinder('safe', { width: 1920, height: 1080 });
  const pictures = [0, 1].map((step) =>
    new Uint8Array(1920 * 1080 * bytesPerPixel).map((_, at) => ((at * 7) & 127) + (at % 5 === 0 ? step : 0)),
  );
  const rounds = 120;
  const startedMs = performance.now();
  for (let round = 0; round < rounds; round++) {
    finder.isDuplicate({ hash: String(round), picture: pictures[round % 2] ?? null });
  }
  return Math.round((1000 * rounds) / (performance.now() - startedMs));
}
