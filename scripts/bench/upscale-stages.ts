/**
 * Each stage of `cosmos upscale` by itself, in frames per second, against a bare ffmpeg that does nothing else, in turns.
 *
 *     node scripts/bench/upscale-stages.ts [--size 854x480] [--seconds 30] [--rounds 3] [--quick] [--json] [--write]
 */
import { parseSize } from '../../src/core/hints/display-size.ts';
import { encoderThreads, runFfmpeg, scalerFlags } from './support/bare-ffmpeg.ts';
import { makeBenchFilm } from './support/bench-film.ts';
import { readBenchOptions } from './support/bench-options.ts';
import { inTurns } from './support/in-turns.ts';
import { type Figure, figure, median } from './support/result.ts';
import { inSandbox } from './support/sandbox.ts';
import { UpscaleRig } from './support/upscale-rig.ts';

const options = readBenchOptions({ values: ['size', 'seconds'] });
const sizeText = options.own['size'] ?? '854x480';
const size = parseSize(sizeText) ?? { width: 854, height: 480 };
const seconds = Number(options.own['seconds'] ?? (options.isQuick ? 5 : 30));
const encoding = { crf: 18, threads: encoderThreads };

options.report({
  bench: 'upscale-stages',
  config: { rounds: options.rounds, size: sizeText, seconds, encoder_threads: encoderThreads },
  figures: await inSandbox('upscale-stages', async (sandbox) => {
    const film = await makeBenchFilm(sandbox.path('films'), { ...size, seconds });
    const medium = await UpscaleRig.prepare(sandbox.path('medium'), film, { ...encoding, preset: 'medium' });
    const quick = await UpscaleRig.prepare(sandbox.path('quick'), film, { ...encoding, preset: 'veryfast' });
    return await measure(medium, quick);
  }),
});

async function measure(rig: UpscaleRig, quick: UpscaleRig): Promise<Figure[]> {
  const assemble = await rig.readyAssembly();
  const { path, sizeBytes } = await assemble();
  const copy = `${path}.copy.mp4`;
  const times = await inTurns(options.rounds, {
    'bare decode': () => runFfmpeg(['-i', rig.film.path, '-map', '0:v:0', '-f', 'null', '-']),
    'scan, dedupe off': () => timed(() => rig.scan('off')),
    'scan, dedupe safe': () => timed(() => rig.scan('safe')),
    decode: () => timed(() => rig.decode()),
    'bare scale': () => runFfmpeg(bareScale(rig)),
    scale: () => timed(() => rig.upscale()),
    'bare encode, medium': () => runFfmpeg(bareEncode(rig, 'medium')),
    'encode, medium': () => timed(() => rig.encode()),
    'bare encode, veryfast': () => runFfmpeg(bareEncode(rig, 'veryfast')),
    'encode, veryfast': () => timed(() => quick.encode()),
    'bare copy': () => runFfmpeg(['-i', path, '-map', '0', '-c', 'copy', copy]),
    assembly: () => timed(assemble),
  });
  const rate = (name: keyof typeof times) => (rig.frames * 1000) / median(times[name]);
  const against = (name: keyof typeof times, bare: keyof typeof times) =>
    median(times[bare].map((ms, round) => ms / (times[name][round] ?? Number.NaN)));
  const stage = (name: keyof typeof times, bare: keyof typeof times, limit?: `>= ${number}`) => [
    figure(`${name}, times ${bare}`, against(name, bare), '', limit),
    figure(name, rate(name), '1/s'),
  ];
  const speed = (name: keyof typeof times) => (sizeBytes * 1000) / median(times[name]) / 1e6;
  return [
    figure('bare decode', rate('bare decode'), '1/s'),
    ...stage('scan, dedupe off', 'bare decode'),
    ...stage('scan, dedupe safe', 'bare decode'),
    ...stage('decode', 'bare decode'),
    figure('bare scale', rate('bare scale'), '1/s'),
    ...stage('scale', 'bare scale'),
    figure('bare encode, medium', rate('bare encode, medium'), '1/s'),
    ...stage('encode, medium', 'bare encode, medium'),
    figure('bare encode, veryfast', rate('bare encode, veryfast'), '1/s'),
    ...stage('encode, veryfast', 'bare encode, veryfast'),
    figure('bare copy', speed('bare copy'), 'MB/s'),
    figure('assembly', speed('assembly'), 'MB/s'),
    figure('assembly, frames', rate('assembly'), '1/s'),
  ];
}

/** As many frames as the film has, from a file that is in memory; one thread, as a lane has. */
function bareScale({ from, to, raw, frames }: UpscaleRig): string[] {
  return [
    ...['-filter_threads', '1', ...rawInput(from, raw.source), '-frames:v', String(frames)],
    ...['-vf', `scale=${to.width}:${to.height}:flags=${scalerFlags}`, '-f', 'null', '-'],
  ];
}

function bareEncode({ to, raw, frames }: UpscaleRig, preset: string): string[] {
  return [
    ...[...rawInput(to, raw.upscaled), '-frames:v', String(frames), '-c:v', 'libx264', '-preset', preset],
    ...['-crf', String(encoding.crf), '-threads', String(encoding.threads), `${raw.upscaled}.${preset}.mp4`],
  ];
}

function rawInput({ width, height, pixelFormat }: UpscaleRig['to'], path: string): string[] {
  const format = ['-f', 'rawvideo', '-pix_fmt', pixelFormat, '-s', `${width}x${height}`, '-r', '24'];
  return [...format, '-stream_loop', '-1', '-i', path];
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startMs = performance.now();
  await work();
  return performance.now() - startMs;
}
