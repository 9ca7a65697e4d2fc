import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { type ModelTensor, writeModel } from '../../../../../src/core/models/onnx/write-model.ts';
import { LaneProcess, laneArgument } from '../../../../../src/worker/upscale/onnx/lane-process.ts';
import type { LaneOptions } from '../../../../../src/worker/upscale/onnx/lane-protocol.ts';
import { laneProgram, OnnxRig, samplePicture } from '../../../../support/onnx/onnx-rig.ts';
import { largestDifference } from '../../../../support/onnx/run-network.ts';
import { networkModel, sampleNetwork } from '../../../../support/onnx/sample-models.ts';
import { temporaryFolder } from '../../../../support/temporary-folder.ts';
import { waitFor } from '../../../../support/wait-for.ts';

const folder = await temporaryFolder();
const rig = new OnnxRig(folder);
afterEach(() => rig.close());

const strangeLane = fileURLToPath(new URL('../../../../support/onnx/strange-lane.mjs', import.meta.url));
const laneParent = fileURLToPath(new URL('../../../../support/onnx/lane-parent.mjs', import.meta.url));
const small = { width: 16, height: 16, pixelFormat: 'rgb24' };
const model = rig.write(networkModel(sampleNetwork(2, [3, 3, 3])));
/** Takes seconds for a frame of 256x256. */
const slowModel = rig.write(networkModel(sampleNetwork(2, [3, ...Array(12).fill(3), 3], 128)));
const slowFrame = { width: 256, height: 256, pixelFormat: 'rgb24' };

describe('a lane', () => {
  it('gives the same bytes whatever the number of threads and frames at once', async () => {
    const [width, height] = [90, 50];
    const from = { width, height, pixelFormat: 'rgb24' };
    const frames = [1, 2, 3, 4, 5, 6].map((seed) => samplePicture(width, height, seed));
    const outcomes = await Promise.all(
      [1, 2, 4].map(async (cores) => {
        const lane = await rig.lane(rig.engine(model, { cores }), from, { batchSize: 8 });
        const parts = [frames.slice(0, cores), frames.slice(cores)];
        const large: Uint8Array[] = [];
        for (const part of parts) large.push(...(await lane.upscale(part)));
        return large;
      }),
    );
    for (const outcome of outcomes.slice(1)) {
      for (const [index, frame] of outcome.entries())
        expect(largestDifference(outcomes[0]?.[index] ?? [], frame)).toBe(0);
    }
  });

  it('leaves what it has given alone, and takes frames that are used again', async () => {
    const lane = await rig.lane(rig.engine(model), small);
    const frame = samplePicture(16, 16);
    const [first = new Uint8Array()] = await lane.upscale([frame]);
    const kept = Uint8Array.from(first);
    frame.fill(0);
    await lane.upscale([frame]);
    expect(largestDifference(first, kept)).toBe(0);
  });

  it('refuses frames that no model takes', async () => {
    const engine = rig.engine(model);
    await expect(rig.lane(engine, { ...small, pixelFormat: 'yuv420p' })).rejects.toThrow('yuv420p');
  });

  it.each([
    { what: 'none', frames: [] },
    { what: 'more than were agreed upon', frames: Array(5).fill(samplePicture(16, 16)) },
    { what: 'one of another size', frames: [samplePicture(16, 16), samplePicture(16, 15)] },
  ])('refuses frames: $what', async ({ frames }) => {
    const lane = await rig.lane(rig.engine(model), small);
    await expect(lane.upscale(frames)).rejects.toMatchObject({ reason: 'failed' });
  });

  it('knows its smallest tile, and none for a model of one size', async () => {
    const signal = new AbortController().signal;
    const free = rig.engine(model);
    await free.start(signal);
    expect(free.minTile).toBe(32);
    const fixed = rig.engine(rig.write(networkModel(sampleNetwork(2, [3]), { height: 20, width: 20 })));
    await fixed.start(signal);
    expect(fixed.minTile).toBeNull();
  });

  it.each([
    { what: 'at its start', delayMs: 0 },
    { what: 'while it computes', delayMs: 300 },
  ])('ends $what when it is told to', async ({ delayMs }) => {
    const stop = new AbortController();
    const lane =
      delayMs === 0 ? null : await rig.lane(rig.engine(slowModel), slowFrame, { signal: stop.signal });
    const work = lane
      ? lane.upscale([samplePicture(256, 256)])
      : rig.lane(rig.engine(slowModel), slowFrame, { signal: stop.signal });
    setTimeout(() => stop.abort(new Error('enough')), delayMs);
    const startMs = performance.now();
    await expect(work).rejects.toThrow('enough');
    await lane?.close();
    expect(performance.now() - startMs).toBeLessThan(delayMs + 3000);
  });

  it('ends when it is closed in the middle of a call', async () => {
    const lane = await rig.lane(rig.engine(slowModel), slowFrame);
    const work = expect(lane.upscale([samplePicture(256, 256)])).rejects.toMatchObject({ reason: 'died' });
    await lane.close();
    await work;
    await lane.close();
  });

  it.skipIf(process.platform === 'win32')('ends soon after its worker was killed', async () => {
    const options: LaneOptions = {
      ...{ modelPath: slowModel, scale: 2, width: 512, height: 512, pixelFormat: 'rgb24' },
      ...{ batchSize: 1, tile: 0, lane: 0, threads: 1 },
    };
    const args = [laneParent, laneProgram, JSON.stringify(options), String(512 * 512 * 3)];
    const parent = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = await once(parent.stdout, 'data');
    const lanePid = Number(String(line));
    expect(isAlive(lanePid)).toBe(true);
    parent.kill('SIGKILL');
    // The frame takes several times as long.
    await waitFor(async () => !isAlive(lanePid), 12_000);
  });
});

describe('ONNX Runtime', () => {
  it('keeps nothing outside the lane, and says nothing to anybody', async () => {
    const home = await mkdtemp(join(folder, 'home-'));
    const options: LaneOptions = {
      ...{ modelPath: model, scale: 2, width: 16, height: 16, pixelFormat: 'rgb24' },
      ...{ batchSize: 1, tile: 0, lane: 0, threads: 1 },
    };
    const lane = spawn(process.execPath, [laneProgram, laneArgument, JSON.stringify(options)], {
      stdio: ['ignore', 'pipe', 'pipe'],
      // Its reports begin with a number of the machine below the home folder.
      env: { HOME: home },
    });
    const [facts, complaints] = await Promise.all([
      text(lane.stdout),
      text(lane.stderr),
      once(lane, 'close'),
    ]);
    expect(facts).toContain('"provider":"cpu"');
    expect(complaints).toBe('');
    expect(await readdir(home)).toEqual([]);
  });
});

describe('a lane that goes wrong', () => {
  it.each([
    { way: 'dies at once', reason: 'died', said: 'Segmentation fault, or so' },
    { way: 'is killed', reason: 'died', said: 'SIGKILL' },
    { way: 'dies half-way', reason: 'died', said: 'exit code 7' },
    { way: 'talks nonsense', reason: 'failed', said: 'kind 77' },
    { way: 'gives too many', reason: 'failed', said: '2 frames for 1' },
  ])('$way', async ({ way, reason, said }) => {
    const work = async () => {
      const lane = await rig.lane(rig.engine(way, {}, strangeLane), small);
      return await lane.upscale([samplePicture(16, 16)]);
    };
    await expect(work()).rejects.toMatchObject({
      name: 'LaneError',
      reason,
      message: expect.stringContaining(said),
    });
  });

  it('says by a code that ONNX Runtime is missing', async () => {
    const lane = rig.lane(rig.engine('has no runtime', {}, strangeLane), small);
    const expected = { name: 'EngineError', class: 'fatal', code: 'runtime-missing' };
    await expect(lane).rejects.toMatchObject(expected);
  });

  it('is not waited for forever', async () => {
    const options: LaneOptions = {
      ...{ modelPath: 'never begins', scale: 2, width: 16, height: 16, pixelFormat: 'rgb24' },
      ...{ batchSize: 1, tile: 0, lane: 0, threads: 1 },
    };
    const parts = { program: strangeLane, options, frameBytes: 1, log: () => undefined };
    const lane = new LaneProcess(parts, new AbortController().signal);
    await expect(lane.greeting(200)).rejects.toMatchObject({ reason: 'died', message: /not ready/ });
    await lane.close();
  });
});

describe('too little memory', () => {
  it('is told when frames alone are too large', async () => {
    const huge = { width: 60_000, height: 60_000, pixelFormat: 'rgb24' };
    const lane = rig.lane(rig.engine(model), huge, { batchSize: 8 });
    await expect(lane).rejects.toMatchObject({ name: 'LaneError', reason: 'out-of-memory' });
  });

  it('is told when the model needs more than there is', async () => {
    // Between its two layers it needs a terabyte.
    const channels = 262_144;
    const weights = (name: string, ...dims: number[]): ModelTensor => ({
      ...{ name, dims, type: 'float32' },
      data: new Float32Array(dims.reduce((product, dim) => product * dim, 1)),
    });
    const wide = writeModel({
      inputs: [{ name: 'input', type: 'float32', dims: ['n', 3, 'h', 'w'] }],
      outputs: [{ name: 'out', type: 'float32', dims: ['n', 3, 'H', 'W'] }],
      nodes: [
        { op: 'Conv', inputs: ['input', 'first'], output: 'many' },
        { op: 'Conv', inputs: ['many', 'second'], output: 'few' },
        { op: 'DepthToSpace', inputs: ['few'], output: 'out', attributes: { blocksize: 2 } },
      ],
      tensors: [weights('first', channels, 3, 1, 1), weights('second', 12, channels, 1, 1)],
    });
    const frame = { width: 1024, height: 1024, pixelFormat: 'rgb24' };
    const lane = await rig.lane(rig.engine(rig.write(wide)), frame, { batchSize: 1 });
    await expect(lane.upscale([samplePicture(1024, 1024)])).rejects.toMatchObject({
      reason: 'out-of-memory',
    });
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
