/**
 * What the choices of `cosmos upscale` with Lanczos give: 1, 2 and 4 workers, batches of 1 to 16, and the look for
 * duplicates in an animation on threes, with what it costs in quality. Ratios in the same run, in turns. What batches
 * and workers give to a model is in batch-sizes.ts.
 *
 *     node scripts/bench/upscale-choices.ts [--size 640x360] [--seconds 15] [--rounds 3] [--quick] [--json] [--write]
 */
import { copyFile } from 'node:fs/promises';
import { parseSize, type Size } from '../../src/core/hints/display-size.ts';
import { animated, decodeFrames, drawScene, encodeLossy, psnr } from '../../test/support/duplicate-scenes.ts';
import { filmRate, makeBenchFilm } from './support/bench-film.ts';
import { readBenchOptions } from './support/bench-options.ts';
import { inTurns } from './support/in-turns.ts';
import { type Figure, figure, median } from './support/result.ts';
import { inSandbox, type Sandbox } from './support/sandbox.ts';
import { type VideoRun, videoOnce } from './support/video-program.ts';

const options = readBenchOptions({ values: ['size', 'seconds'] });
const sizeText = options.own['size'] ?? (options.isQuick ? '320x180' : '640x360');
const size = parseSize(sizeText) ?? { width: 640, height: 360 };
const seconds = Number(options.own['seconds'] ?? (options.isQuick ? 5 : 15));
const preset = 'veryfast';
const workerCounts = [1, 2, 4];
const batchSizes = [1, 2, 4, 8, 16];

options.report({
  bench: 'upscale-choices',
  config: { rounds: options.rounds, size: sizeText, seconds, preset },
  figures: await inSandbox('upscale-choices', async (sandbox) => [
    ...(await measureSettings(sandbox)),
    ...(await measureDuplicates(sandbox)),
  ]),
});

async function measureSettings(sandbox: Sandbox): Promise<Figure[]> {
  const film = await makeBenchFilm(sandbox.path('films'), { ...size, seconds });
  const run = async (given: readonly string[]) => {
    const { report } = await videoOnce(sandbox, film, [
      'upscale',
      '--preset',
      preset,
      '--dedupe',
      'off',
      ...given,
    ]);
    return report.time_ms.segments;
  };
  const byWorkers = Object.fromEntries(
    workerCounts.map((count) => [`workers ${count}`, () => run(['--workers', String(count)])]),
  );
  const byBatch = Object.fromEntries(
    batchSizes.map((count) => [
      `batch ${count}`,
      () => run(['--workers', '1', '--batch-size', String(count)]),
    ]),
  );
  const times = await inTurns(options.rounds, { ...byWorkers, ...byBatch });
  const gain = (name: string, base: string) =>
    median((times[base] ?? []).map((ms, round) => ms / (times[name]?.[round] ?? Number.NaN)));
  return [
    ...workerCounts
      .slice(1)
      .map((count) => figure(`${count} workers, times one`, gain(`workers ${count}`, 'workers 1'), '')),
    ...batchSizes
      .slice(1)
      .map((count) =>
        figure(`${count} frames at once, times one at once`, gain(`batch ${count}`, 'batch 1'), ''),
      ),
  ];
}

/** Kinds of animation, each by itself. */
async function measureDuplicates(sandbox: Sandbox): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const scene of animated.slice(0, options.isQuick ? 1 : 2)) {
    const original = sandbox.path('original.mkv');
    const path = sandbox.path('animation.mp4');
    await drawScene(original, scene, { size, holdFrames: 3, frames: seconds * filmRate });
    await encodeLossy(original, path, { crf: 23, preset: 'medium' });
    const last: Partial<Record<'off' | 'safe', VideoRun>> = {};
    const run = async (dedupe: 'off' | 'safe') => {
      const result = await videoOnce(sandbox, { path }, ['upscale', '--preset', preset, '--dedupe', dedupe]);
      last[dedupe] = result;
      await copyFile(result.outputPath, sandbox.path(`${dedupe}.mp4`));
      return result.wallMs;
    };
    const times = await inTurns(options.rounds, { off: () => run('off'), safe: () => run('safe') });
    const { counts } = last.safe?.report ?? {};
    const worst = await worstPsnr(sandbox.path('off.mp4'), sandbox.path('safe.mp4'), {
      width: 2 * size.width,
      height: 2 * size.height,
    });
    figures.push(
      figure(
        `${scene.name}: dedupe off, times safe`,
        median(times.off.map((ms, round) => ms / (times.safe[round] ?? Number.NaN))),
        '',
      ),
      figure(
        `${scene.name}: duplicates found of 66.7 %`,
        (100 * (counts?.duplicates ?? 0)) / (counts?.frames ?? 1),
        '%',
        '>= 60',
      ),
      figure(`${scene.name}: worst frame of safe against off`, worst, 'dB', '>= 40'),
      figure(
        `${scene.name}: output, safe times off`,
        (last.safe?.outputBytes ?? 0) / (last.off?.outputBytes ?? 1),
        '',
      ),
    );
  }
  return figures;
}

/** The lowest PSNR of all frames of two videos, which must have equally many. */
async function worstPsnr(one: string, other: string, frameSize: Size): Promise<number> {
  let worst = Number.POSITIVE_INFINITY;
  const others = decodeFrames(other, frameSize);
  for await (const { picture } of decodeFrames(one, frameSize)) {
    const next = await others.next();
    if (next.done) throw new Error(`${other} has fewer frames than ${one}`);
    worst = Math.min(worst, psnr(picture, next.value.picture, frameSize));
  }
  if (!(await others.next()).done) throw new Error(`${other} has more frames than ${one}`);
  return worst;
}
