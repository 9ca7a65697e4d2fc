/**
 * Frames through pipes, as `cosmos upscale` has them, against frames in PNG files: every frame is extracted to a file,
 * batches of eight become larger files, two batches at a time, and these are encoded. Time of both from start to end, in
 * turns, and the disk that they need on the way. Linux only.
 *
 *     node scripts/bench/pipes-and-png.ts [--size 1280x720] [--seconds 10] [--rounds 3] [--quick] [--json] [--write]
 */
import { parseSize } from '../../src/core/hints/display-size.ts';
import { filmRate, makeBenchFilm } from './support/bench-film.ts';
import { readBenchOptions } from './support/bench-options.ts';
import { inTurns } from './support/in-turns.ts';
import { upscaleByPng } from './support/png-way.ts';
import { figure, median } from './support/result.ts';
import { inSandbox } from './support/sandbox.ts';
import { videoOnce, videoWatched } from './support/video-program.ts';

const options = readBenchOptions({ values: ['size', 'seconds'] });
const sizeText = options.own['size'] ?? (options.isQuick ? '640x360' : '1280x720');
const size = parseSize(sizeText) ?? { width: 1280, height: 720 };
const seconds = Number(options.own['seconds'] ?? (options.isQuick ? 4 : 10));
const preset = 'veryfast';
const workers = 2;
/** zlib's quickest, beside what ffmpeg does unless told. */
const quickCompression = 1;

options.report({
  bench: 'pipes-and-png',
  config: { rounds: options.rounds, size: sizeText, seconds, preset, png_workers: workers },
  figures: await inSandbox('pipes-and-png', async (sandbox) => {
    const film = await makeBenchFilm(sandbox.path('films'), { ...size, seconds });
    const given = ['--preset', preset, '--dedupe', 'off'];
    const { peaks, outputBytes } = await videoWatched(sandbox, film, ['upscale', ...given]);
    const disk = { usual: 0, quick: 0 };
    const byPng = async (name: keyof typeof disk, compression: number | null) => {
      const way = { film, folder: sandbox.path('png'), workers, batchSize: 8, preset, compression };
      const { ms, diskBytes } = await upscaleByPng(way);
      disk[name] = diskBytes;
      return ms;
    };
    const times = await inTurns(options.rounds, {
      pipes: async () => (await videoOnce(sandbox, film, ['upscale', ...given])).wallMs,
      usual: () => byPng('usual', null),
      quick: () => byPng('quick', quickCompression),
    });
    const timesPipes = (name: keyof typeof disk) =>
      median(times[name].map((ms, round) => ms / (times.pipes[round] ?? Number.NaN)));
    return [
      figure('PNG files, times pipes', timesPipes('usual'), ''),
      figure('PNG files of least compression, times pipes', timesPipes('quick'), ''),
      figure('disk of PNG files, times the output', disk.usual / outputBytes, ''),
      figure('disk of PNG files of least compression, times the output', disk.quick / outputBytes, ''),
      figure('disk of pipes, times the output', peaks.diskBytes / outputBytes, '', '<= 1.5'),
      figure('frames', seconds * filmRate, ''),
      figure('pipes', median(times.pipes) / 1000, 's'),
      figure('PNG files', median(times.usual) / 1000, 's'),
      figure('PNG files of least compression', median(times.quick) / 1000, 's'),
      figure('disk of PNG files', disk.usual / 1e6, 'MB'),
      figure('disk of PNG files of least compression', disk.quick / 1e6, 'MB'),
      figure('disk of pipes', peaks.diskBytes / 1e6, 'MB'),
    ];
  }),
});
