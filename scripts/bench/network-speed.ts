/**
 * How quick a built-in network is: frames of a lane, as a run has them, against ONNX Runtime alone on as many threads, in turns;
 * and against TensorFlow.js, which UpscalerJS computes with, where its packages are in a folder:
 *
 *     npm install --prefix /tmp/tfjs @tensorflow/tfjs@4.11 @tensorflow/tfjs-backend-wasm@4.11
 *     node scripts/bench/network-speed.ts [--tensorflow /tmp/tfjs] [--size 320x180] [--rounds 3] [--json] [--write]
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { LocalModelLibrary } from '../../src/adapters/models/local-model-library.ts';
import { systemClock } from '../../src/adapters/system-clock.ts';
import { OnnxEngine } from '../../src/worker/upscale/onnx/onnx-engine.ts';
import { loadRuntime, openSession } from '../../src/worker/upscale/onnx/runtime.ts';
import { laneProgram } from '../../test/support/onnx/onnx-rig.ts';
import { inTurns } from './support/in-turns.ts';
import { writeMeasured } from './support/measured.ts';
import { figure, median, printResult } from './support/result.ts';
import { inSandbox } from './support/sandbox.ts';

const { values } = parseArgs({
  options: {
    network: { type: 'string', default: 'esrgan-slim' },
    size: { type: 'string', default: '320x180' },
    rounds: { type: 'string', default: '3' },
    frames: { type: 'string', default: '8' },
    tensorflow: { type: 'string' },
    json: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
});
const [width = 320, height = 180] = values.size.split('x').map(Number);
const [rounds, frames] = [Number(values.rounds), Number(values.frames)];
const from = { width, height, pixelFormat: 'rgb24' };
const frame = Uint8Array.from({ length: width * height * 3 }, (_, index) => (index * 37) % 256);
const stop = new AbortController();
/** Milliseconds of CPU time a frame. The first of each is that of getting ready. */
const cpu = { bare: [] as number[], lane: [] as number[] };

const result = await inSandbox('network-speed', async (sandbox) => {
  const library = new LocalModelLibrary(
    { cache: sandbox.path('models'), user: sandbox.path('own'), installed: sandbox.path('installed') },
    { clock: systemClock, measure: () => Promise.reject(new Error('nothing is measured')) },
  );
  const modelPath = library.pathOf(values.network, 2);
  await library.provide(modelPath);
  const engine = new OnnxEngine({ modelPath, program: laneProgram, log: () => undefined });
  await engine.start(stop.signal);
  const size = { batchSize: 8, tile: 256 };
  const to = engine.outputFormat(from);
  const lane = await engine.startLane({ from, to, clip: null, size, lane: 0, lanes: 1 }, stop.signal);
  try {
    const ways: Readonly<Record<string, () => Promise<number>>> = {
      bare: await bareRuntime(modelPath),
      lane: async () => {
        const [begunMs, begunCpuMs] = [performance.now(), cpuMs()];
        // As a run gives them: some ahead of the one that is computed.
        let left = frames;
        const work = async () => {
          for (; left > 0; ) {
            left -= 1;
            await lane.upscale([frame]);
          }
        };
        await Promise.all(Array.from({ length: engine.callsAtOnce }, work));
        cpu.lane.push((cpuMs() - begunCpuMs) / frames);
        return (frames * 1000) / (performance.now() - begunMs);
      },
      ...(values.tensorflow !== undefined && { tensorflow: async () => tensorFlow(values.tensorflow ?? '') }),
    };
    // Threads and memory are made before anything is measured.
    await ways['bare']?.();
    await ways['lane']?.();
    const rates = await inTurns(rounds, ways);
    const of = (name: string) => median(rates[name] ?? []);
    return {
      bench: 'network-speed',
      config: { network: values.network, size: values.size, frames, rounds },
      figures: [
        figure('frames per second', of('lane'), '1/s'),
        figure('times ONNX Runtime alone', of('lane') / of('bare'), '', '>= 0.95'),
        figure('CPU time of a frame, ONNX Runtime alone', median(cpu.bare.slice(1)), 'ms'),
        figure(
          'its part of the CPU time of a lane',
          median(cpu.bare.slice(1)) / median(cpu.lane.slice(1)),
          '',
        ),
        ...(rates['tensorflow']
          ? [figure('times TensorFlow.js (WASM)', of('lane') / of('tensorflow'), '', '>= 1')]
          : []),
      ],
    };
  } finally {
    await lane.close();
  }
});
printResult(result, values.json);
if (values.write) writeMeasured(result);

/** The network with numbers that are there already: what nothing can be faster than. */
async function bareRuntime(modelPath: string): Promise<() => Promise<number>> {
  const runtime = await loadRuntime();
  const model = await readFile(modelPath);
  const { session } = await openSession(runtime, { model, lane: 0, threads: availableParallelism() });
  const input = new runtime.Tensor('float32', new Float32Array(3 * width * height), [1, 3, height, width]);
  return async () => {
    const [begunMs, begunCpuMs] = [performance.now(), cpuMs()];
    for (let index = 0; index < frames; index++) await session.run({ input });
    cpu.bare.push((cpuMs() - begunCpuMs) / frames);
    return (frames * 1000) / (performance.now() - begunMs);
  };
}

function tensorFlow(packages: string): number {
  const script = join(import.meta.dirname, 'support/tensorflow-js.mjs');
  const weights = join(import.meta.dirname, `../../node_modules/@upscalerjs/${values.network}/models/x2`);
  const words = [script, packages, weights, `${width}`, `${height}`, '2'];
  const said = execFileSync(process.execPath, words, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const { wasm }: { readonly wasm: { readonly seconds: number } } = JSON.parse(
    said.trim().split('\n').at(-1) ?? '',
  );
  return 1 / wasm.seconds;
}

/** CPU time of this process and of the lane that it has started; Linux says that of the latter. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  const pids = readFileSync('/proc/thread-self/children', 'utf8').trim().split(' ').filter(Boolean);
  const ticks = pids.map((pid) => {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
    return Number(fields[11]) + Number(fields[12]);
  });
  return (user + system) / 1000 + 10 * ticks.reduce((sum, each) => sum + each, 0);
}
