/**
 * The whole of `cosmos upscale` with Lanczos against one bare ffmpeg that does the same work (decodes, scales, encodes,
 * copies the sound), in turns; and the disk it needs on the way. Linux only.
 *
 *     node scripts/bench/upscale.ts [--clips 480p-medium,720p-veryfast] [--seconds 30] [--rounds 3] [--quick] [--json] [--write]
 */
import { randomUUID } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { bareUpscaleArguments, encoderThreads, runFfmpeg } from './support/bare-ffmpeg.ts';
import { filmRate, makeBenchFilm } from './support/bench-film.ts';
import { readBenchOptions } from './support/bench-options.ts';
import { inTurns } from './support/in-turns.ts';
import { type Figure, figure, median } from './support/result.ts';
import { markedEnvironment } from './support/run-processes.ts';
import { type Peaks, watchRun } from './support/run-watch.ts';
import { inSandbox, type Sandbox } from './support/sandbox.ts';
import { type VideoRun, videoOnce, videoWatched } from './support/video-program.ts';

const options = readBenchOptions({ values: ['clips', 'seconds'] });

/** 854x480 is how 480p is stored: its height times 16/9, made even. */
const clips = {
  '480p-medium': { width: 854, height: 480, preset: 'medium', seconds: 20 },
  '480p-veryfast': { width: 854, height: 480, preset: 'veryfast', seconds: 20 },
  '720p-medium': { width: 1280, height: 720, preset: 'medium', seconds: 20 },
  '720p-veryfast': { width: 1280, height: 720, preset: 'veryfast', seconds: 20 },
};
type ClipName = keyof typeof clips;

const names = Object.keys(clips) as ClipName[];
const chosen = options.own['clips']?.split(',') ?? (options.isQuick ? ['480p-medium'] : names);
const seconds = options.own['seconds'] ?? (options.isQuick ? '10' : undefined);

options.report({
  bench: 'upscale',
  config: { rounds: options.rounds, seconds: seconds ?? '20', encoder_threads: encoderThreads },
  figures: await inSandbox('upscale', async (sandbox) => {
    const figures: Figure[] = [];
    for (const name of names.filter((each) => chosen.includes(each)))
      figures.push(...(await measure(sandbox, name)));
    return figures;
  }),
});

async function measure(sandbox: Sandbox, name: ClipName): Promise<Figure[]> {
  const { preset, ...shape } = { ...clips[name], ...(seconds ? { seconds: Number(seconds) } : {}) };
  const film = await makeBenchFilm(sandbox.path('films'), shape);
  const ofRun = (dedupe: string) => ['upscale', '--dedupe', dedupe, '--preset', preset];
  const usual = ['upscale', '--preset', preset];
  // Caches of the disk and of compiled code are warm afterwards.
  const watched = await videoWatched(sandbox, film, usual);
  const runs: VideoRun[] = [];
  const bareOutput = sandbox.path('bare.mp4');
  const bareArguments = bareUpscaleArguments({ ...film, source: film.path, output: bareOutput, preset });
  const bareCpuMs = await watchedFfmpeg(bareArguments);
  const times = await inTurns(options.rounds, {
    bare: () => runFfmpeg(bareArguments),
    usual: async () => {
      runs.push(await videoOnce(sandbox, film, usual));
      return runs.at(-1)?.wallMs ?? Number.NaN;
    },
    safe: async () => (await videoOnce(sandbox, film, ofRun('safe'))).wallMs,
  });
  const timesBare = (way: 'safe' | 'usual') =>
    median(times[way].map((ms, round) => ms / (times.bare[round] ?? Number.NaN)));
  const spent = (part: 'scan' | 'segments' | 'finish') =>
    median(runs.map((run) => run.report.time_ms[part])) / 1000;
  const { size: bareBytes } = await stat(bareOutput);
  return [
    figure(`${name}: times bare ffmpeg`, timesBare('usual'), '', '<= 1.15'),
    figure(`${name}: CPU time, times bare ffmpeg`, sumOf(watched.peaks.cpuMs) / bareCpuMs, '', '<= 1.1'),
    figure(`${name}: times bare ffmpeg, dedupe safe`, timesBare('safe'), ''),
    figure(
      `${name}: peak disk, times the output`,
      watched.peaks.diskBytes / watched.outputBytes,
      '',
      '<= 1.5',
    ),
    figure(`${name}: frames per second`, (film.seconds * filmRate * 1000) / median(times.usual), '1/s'),
    figure(`${name}: bare ffmpeg`, median(times.bare) / 1000, 's'),
    figure(`${name}: the program`, median(times.usual) / 1000, 's'),
    figure(`${name}: looking at the frames`, spent('scan'), 's'),
    figure(`${name}: segments`, spent('segments'), 's'),
    figure(`${name}: putting together and verifying`, spent('finish'), 's'),
    figure(`${name}: CPU time of bare ffmpeg`, bareCpuMs / 1000, 's'),
    figure(`${name}: CPU time of our ffmpegs`, watched.peaks.cpuMs.ffmpeg / 1000, 's'),
    figure(`${name}: CPU time of the worker`, watched.peaks.cpuMs.worker / 1000, 's'),
    figure(`${name}: CPU time of the program`, watched.peaks.cpuMs.program / 1000, 's'),
    figure(`${name}: output, times bare ffmpeg's`, watched.outputBytes / bareBytes, ''),
  ];
}

/** CPU time of one ffmpeg, in milliseconds, measured as the program's is. */
async function watchedFfmpeg(args: readonly string[]): Promise<number> {
  const mark = randomUUID();
  const watched = await watchRun({ mark, folders: [], ignored: new Set() }, () =>
    runFfmpeg(args, markedEnvironment(process.env, mark)),
  );
  return sumOf(watched.peaks.cpuMs);
}

function sumOf(cpuMs: Peaks['cpuMs']): number {
  return Object.values(cpuMs).reduce((sum, ms) => sum + ms, 0);
}
