/**
 * `cosmos retouch` against one bare ffmpeg that decodes and encodes the same frames with the same settings and copies the
 * sound, in turns; and what the length of a video costs in memory. Linux only.
 *
 *     node scripts/bench/retouch.ts [--size 1920x1080] [--region 800,500,200,80] [--engine blur] [--preset medium]
 *         [--seconds 20] [--rounds 3] [--quick] [--json] [--write]
 */
import { stat } from 'node:fs/promises';
import { parseSize } from '../../src/core/hints/display-size.ts';
import { encoderThreads, runFfmpeg } from './support/bare-ffmpeg.ts';
import { filmRate, makeBenchFilm } from './support/bench-film.ts';
import { readBenchOptions } from './support/bench-options.ts';
import { inTurns } from './support/in-turns.ts';
import { type Figure, figure, median } from './support/result.ts';
import { inSandbox, type Sandbox } from './support/sandbox.ts';
import { type VideoRun, videoOnce, videoWatched } from './support/video-program.ts';

const options = readBenchOptions({ values: ['size', 'region', 'engine', 'preset', 'seconds'] });
const sizeText = options.own['size'] ?? (options.isQuick ? '854x480' : '1920x1080');
const size = parseSize(sizeText) ?? { width: 1920, height: 1080 };
const region = options.own['region'] ?? (options.isQuick ? '300,200,200,80' : '800,500,200,80');
const engine = options.own['engine'] ?? 'blur';
const seconds = Number(options.own['seconds'] ?? (options.isQuick ? 5 : 20));
// As the program encodes unless it is told otherwise.
const encoding = { preset: options.own['preset'] ?? 'medium', crf: '18' };
const command = [
  ...['retouch', '--region', region, '--engine', engine],
  ...['--preset', encoding.preset, '--crf', encoding.crf],
];
const mebibyte = 1024 ** 2;

options.report({
  bench: 'retouch',
  config: {
    rounds: options.rounds,
    size: sizeText,
    region,
    engine,
    preset: encoding.preset,
    seconds,
    encoder_threads: encoderThreads,
  },
  figures: await inSandbox('retouch', async (sandbox) => [
    ...(await measureTime(sandbox)),
    ...(await measureMemory(sandbox)),
  ]),
});

async function measureTime(sandbox: Sandbox): Promise<Figure[]> {
  const film = await makeBenchFilm(sandbox.path('films'), { ...size, seconds });
  const bareOutput = sandbox.path('bare.mp4');
  const bare = [
    ...['-i', film.path, '-map', '0:v:0', '-map', '0:a?', '-c:v', 'libx264'],
    ...['-preset', encoding.preset, '-crf', encoding.crf, '-threads', String(encoderThreads)],
    ...['-fps_mode', 'passthrough', '-c:a', 'copy', bareOutput],
  ];
  // Caches of the disk and of compiled code are warm afterwards.
  const { cpuMs } = (await videoWatched(sandbox, film, command)).peaks;
  const runs: VideoRun[] = [];
  const times = await inTurns(options.rounds, {
    bare: () => runFfmpeg(bare),
    program: async () => {
      const run = await videoOnce(sandbox, film, command);
      runs.push(run);
      return run.wallMs;
    },
  });
  const ratio = median(times.program.map((ms, round) => ms / (times.bare[round] ?? Number.NaN)));
  const spent = (part: 'scan' | 'segments' | 'finish') =>
    median(runs.map(({ report }) => report.time_ms[part])) / 1000;
  const outputBytes = median(runs.map((run) => run.outputBytes));
  return [
    figure('times bare ffmpeg', ratio, '', '<= 1.2'),
    figure('frames per second', (seconds * filmRate * 1000) / median(times.program), '1/s'),
    figure('bare ffmpeg', median(times.bare) / 1000, 's'),
    figure('the program', median(times.program) / 1000, 's'),
    figure('looking at the frames', spent('scan'), 's'),
    figure('segments', spent('segments'), 's'),
    figure('putting together and verifying', spent('finish'), 's'),
    figure('CPU time of our ffmpegs', cpuMs.ffmpeg / 1000, 's'),
    figure('CPU time of the worker', cpuMs.worker / 1000, 's'),
    figure('CPU time of the program', cpuMs.program / 1000, 's'),
    figure("output, times bare ffmpeg's", outputBytes / (await stat(bareOutput)).size, ''),
  ];
}

/** Of a small video, and of one that is six times as long. */
async function measureMemory(sandbox: Sandbox): Promise<Figure[]> {
  const peaks = [];
  for (const length of [20, 120]) {
    const film = await makeBenchFilm(sandbox.path('films'), { width: 640, height: 360, seconds: length });
    const whole = ['retouch', '--region', '30%,40%,20%,20%', '--engine', engine, '--preset', encoding.preset];
    peaks.push((await videoWatched(sandbox, film, whole)).peaks);
  }
  const [short, long] = peaks;
  if (!short || !long) return [];
  return [
    figure(
      'memory of program and worker, six times the frames',
      long.nodeBytes / short.nodeBytes,
      '',
      '<= 1.2',
    ),
    figure('memory of program and worker', long.nodeBytes / mebibyte, 'MiB'),
    figure('memory with ffmpeg', long.allBytes / mebibyte, 'MiB'),
  ];
}
