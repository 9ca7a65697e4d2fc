/**
 * What the length of a video costs `cosmos upscale`: time, memory and disk of a short one and of one that is ten times
 * as long; with `--hour`, instead, of a low-resolution one that lasts an hour, against one of 100 s. Linux only.
 *
 *     node scripts/bench/upscale-length.ts [--seconds 20] [--size 640x360] [--rounds 3] [--quick] [--json] [--write]
 *     node scripts/bench/upscale-length.ts --hour [--quick] [--json] [--write]
 */
import { parseSize } from '../../src/core/hints/display-size.ts';
import { filmRate, makeBenchFilm } from './support/bench-film.ts';
import { readBenchOptions } from './support/bench-options.ts';
import { type Figure, figure, median } from './support/result.ts';
import { inSandbox, type Sandbox } from './support/sandbox.ts';
import { videoWatched } from './support/video-program.ts';

const options = readBenchOptions({ values: ['seconds', 'size'], flags: ['hour'] });
const sizeText = options.own['size'] ?? (options.isQuick ? '320x180' : '640x360');
const size = parseSize(sizeText) ?? { width: 640, height: 360 };
const seconds = Number(options.own['seconds'] ?? (options.isQuick ? 10 : 20));
/** How many times as long as the shortest. */
const lengths = options.isQuick ? [1, 10] : [1, 4, 10];
const hourSize = { width: 128, height: 72 };
const hourSeconds = options.isQuick ? 360 : 3600;
/** What the hour's memory is measured against: 2,400 frames. */
const shortSeconds = 100;
const command = ['upscale', '--preset', 'veryfast'];
const mebibyte = 1024 ** 2;

/** Medians over the rounds. */
interface Cost {
  readonly frames: number;
  readonly seconds: number;
  readonly nodeBytes: number;
  readonly allBytes: number;
  readonly diskTimesOutput: number;
}

options.report(
  await inSandbox('upscale-length', async (sandbox) =>
    options.isGiven('hour')
      ? {
          bench: 'upscale-hour',
          config: { size: `${hourSize.width}x${hourSize.height}`, seconds: hourSeconds },
          figures: await measureHour(sandbox),
        }
      : {
          bench: 'upscale-length',
          config: { rounds: options.rounds, size: sizeText, seconds },
          figures: await measureLengths(sandbox),
        },
  ),
);

async function measureLengths(sandbox: Sandbox): Promise<Figure[]> {
  const costs: Cost[] = [];
  for (const length of lengths)
    costs.push(await costOf(sandbox, { ...size, seconds: length * seconds }, options.rounds));
  const [shortest, longest] = [costs[0], costs.at(-1)];
  if (!shortest || !longest) return [];
  const perFrame = (longest.seconds - shortest.seconds) / (longest.frames - shortest.frames);
  const fixed = shortest.seconds - perFrame * shortest.frames;
  return [
    // What starting takes is the same for both; so ten times the frames take less than ten times the time.
    figure('time of ten times the frames', longest.seconds / shortest.seconds, '', '<= 10.5'),
    figure(
      'memory of program and worker, ten times the frames',
      longest.nodeBytes / shortest.nodeBytes,
      '',
      '<= 1.2',
    ),
    figure('memory with ffmpeg, ten times the frames', longest.allBytes / shortest.allBytes, '', '<= 1.2'),
    ...costs.flatMap((cost) => costFigures(`${cost.frames} frames`, cost)),
    figure('each frame more', 1000 * perFrame, 'ms'),
    figure('whatever the length', fixed, 's'),
    ...costs
      .slice(1, -1)
      .map(({ frames, seconds: took }) =>
        figure(
          `${frames} frames, off a straight line by`,
          100 * Math.abs(took / (fixed + perFrame * frames) - 1),
          '%',
        ),
      ),
  ];
}

async function measureHour(sandbox: Sandbox): Promise<Figure[]> {
  const short = await costOf(sandbox, { ...hourSize, seconds: shortSeconds }, 1);
  const cost = await costOf(sandbox, { ...hourSize, seconds: hourSeconds }, 1);
  return [
    figure(
      `memory of program and worker, times that for ${short.frames} frames`,
      cost.nodeBytes / short.nodeBytes,
      '',
      '<= 1.1',
    ),
    figure('frames', cost.frames, ''),
    figure('time', cost.seconds, 's'),
    figure('frames per second', cost.frames / cost.seconds, '1/s'),
    figure('memory of program and worker', cost.nodeBytes / mebibyte, 'MiB'),
    figure('memory with ffmpeg', cost.allBytes / mebibyte, 'MiB'),
    figure('peak disk, times the output', cost.diskTimesOutput, '', '<= 1.5'),
  ];
}

function costFigures(name: string, cost: Cost): Figure[] {
  return [
    figure(`${name}: time`, cost.seconds, 's'),
    figure(`${name}: memory of program and worker`, cost.nodeBytes / mebibyte, 'MiB'),
    figure(`${name}: memory with ffmpeg`, cost.allBytes / mebibyte, 'MiB'),
    figure(`${name}: peak disk, times the output`, cost.diskTimesOutput, '', '<= 1.5'),
  ];
}

async function costOf(
  sandbox: Sandbox,
  shape: { readonly width: number; readonly height: number; readonly seconds: number },
  rounds: number,
): Promise<Cost> {
  const film = await makeBenchFilm(sandbox.path('films'), shape);
  const runs = [];
  for (let round = 0; round < rounds; round++) runs.push(await videoWatched(sandbox, film, command));
  const frames = shape.seconds * filmRate;
  const counted = new Set(runs.map(({ report }) => report.video?.frames));
  if (counted.size !== 1 || !counted.has(frames))
    throw new Error(`${[...counted].join(', ')} frames came of ${frames}`);
  return {
    frames,
    seconds: median(runs.map(({ wallMs }) => wallMs)) / 1000,
    nodeBytes: median(runs.map(({ peaks }) => peaks.nodeBytes)),
    allBytes: median(runs.map(({ peaks }) => peaks.allBytes)),
    diskTimesOutput: median(runs.map(({ peaks, outputBytes }) => peaks.diskBytes / outputBytes)),
  };
}
