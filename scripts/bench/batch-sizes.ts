/**
 * What batches and lanes give to an upscaling model on the CPU: frames per second of an ONNX model of 16 layers with
 * 32 channels, against one frame at once in one lane, and against ONNX Runtime alone, in turns.
 *
 *     node scripts/bench/batch-sizes.ts [--frames 32] [--rounds 3] [--size 256x144] [--quick] [--json] [--write]
 */
import { readFile, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { frameBytes } from '../../src/core/frames/frame-format.ts';
import { OnnxEngine } from '../../src/worker/upscale/onnx/onnx-engine.ts';
import { loadRuntime, openSession } from '../../src/worker/upscale/onnx/runtime.ts';
import type { Lane } from '../../src/worker/upscale/upscale-engine.ts';
import { laneProgram } from '../../test/support/onnx/onnx-rig.ts';
import { networkModel, sampleNetwork } from '../../test/support/onnx/sample-models.ts';
import { inTurns } from './support/in-turns.ts';
import { writeMeasured } from './support/measured.ts';
import { type BenchResult, type Figure, figure, median, printResult } from './support/result.ts';
import { inSandbox } from './support/sandbox.ts';

const { values } = parseArgs({
  options: {
    frames: { type: 'string' },
    rounds: { type: 'string' },
    size: { type: 'string', default: '256x144' },
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
});
const frames = Number(values.frames ?? (values.quick ? 16 : 32));
const rounds = Number(values.rounds ?? (values.quick ? 1 : 3));
const [width = 256, height = 144] = values.size.split('x').map(Number);
const scale = 2;
const batchSizes = [1, 2, 4, 8, 16];
const laneCounts = [1, 2, 4];
/** Frames at once where lanes are compared. */
const usualBatch = 8;
const from = { width, height, pixelFormat: 'rgb24' };
const frame = new Uint8Array(frameBytes(from)).map((_, index) => (index * 37) & 255);
const stop = new AbortController();

const result = await inSandbox('batch-sizes', async (sandbox) => await measure(sandbox.path('model.onnx')));
printResult(result, values.json);
if (values.write) writeMeasured(result);

async function measure(modelPath: string): Promise<BenchResult> {
  const layers = Array.from({ length: 16 }, () => 3);
  await writeFile(modelPath, networkModel(sampleNetwork(scale, layers, 32)));
  const engine = new OnnxEngine({ modelPath, program: laneProgram, log: () => undefined });
  const byBatch = await Promise.all(batchSizes.map((batchSize) => startLanes(engine, 1, batchSize)));
  const byLanes = await Promise.all(laneCounts.map((lanes) => startLanes(engine, lanes, usualBatch)));
  const bare = await bareRuntime(modelPath);
  try {
    const ways = {
      bare,
      ...Object.fromEntries(byBatch.map((lanes, index) => [`batch ${batchSizes[index]}`, () => rate(lanes)])),
      ...Object.fromEntries(byLanes.map((lanes) => [`lanes ${lanes.length}`, () => rate(lanes)])),
    };
    // Threads and memory are made, and code is compiled, before anything is measured.
    for (const way of Object.values(ways)) await way();
    return {
      bench: 'batch-sizes',
      config: { frames, rounds, size: values.size },
      figures: figuresOf(await inTurns(rounds, ways)),
    };
  } finally {
    await Promise.all([...byBatch, ...byLanes].flat().map((lane) => lane.close()));
  }
}

function figuresOf(rates: Readonly<Record<string, readonly number[]>>): Figure[] {
  const of = (name: string) => median(rates[name] ?? []);
  return [
    figure('frames per second, one at once', of('batch 1'), '1/s'),
    figure(
      `${usualBatch} at once, times ONNX Runtime alone`,
      of(`batch ${usualBatch}`) / of('bare'),
      '',
      '>= 0.9',
    ),
    ...batchSizes
      .slice(1)
      .map((size) => figure(`${size} at once, times one at once`, of(`batch ${size}`) / of('batch 1'), '')),
    ...laneCounts
      .slice(1)
      .map((lanes) => figure(`${lanes} lanes, times one lane`, of(`lanes ${lanes}`) / of('lanes 1'), '')),
  ];
}

async function startLanes(engine: OnnxEngine, lanes: number, batchSize: number): Promise<Lane[]> {
  const size = { batchSize, tile: 0 };
  const to = engine.outputFormat(from);
  const start = (lane: number) => engine.startLane({ from, to, clip: null, size, lane, lanes }, stop.signal);
  return await Promise.all(Array.from({ length: lanes }, (_, lane) => start(lane)));
}

/** Frames per second: batches go to the lanes in turns. */
async function rate(lanes: readonly Lane[]): Promise<number> {
  const begunMs = performance.now();
  await Promise.all(
    lanes.map(async (lane, index) => {
      const { batchSize } = lane;
      for (let at = index * batchSize; at < frames; at += lanes.length * batchSize)
        await lane.upscale(Array.from({ length: Math.min(batchSize, frames - at) }, () => frame));
    }),
  );
  return (frames * 1000) / (performance.now() - begunMs);
}

/** The same model with numbers that are there already: what nothing can be faster than. */
async function bareRuntime(modelPath: string): Promise<() => Promise<number>> {
  const runtime = await loadRuntime();
  const threads = availableParallelism();
  const model = await readFile(modelPath);
  const { session } = await openSession(runtime, { model, lane: 0, threads });
  const input = new runtime.Tensor('float32', new Float32Array(3 * width * height), [1, 3, height, width]);
  const [name = ''] = session.inputNames;
  return async () => {
    const begunMs = performance.now();
    for (let index = 0; index < frames; index++) await session.run({ [name]: input });
    return (frames * 1000) / (performance.now() - begunMs);
  };
}
