import { afterEach, expect, it } from 'vitest';
import { writeModel } from '../../../../../src/core/models/onnx/write-model.ts';
import { OnnxRig, samplePicture } from '../../../../support/onnx/onnx-rig.ts';
import { largestDifference } from '../../../../support/onnx/run-network.ts';
import { networkModel, sampleNetwork } from '../../../../support/onnx/sample-models.ts';
import { temporaryFolder } from '../../../../support/temporary-folder.ts';

const rig = new OnnxRig(await temporaryFolder());
afterEach(() => rig.close());

const [width, height] = [97, 65];
const from = { width, height, pixelFormat: 'rgb24' };
const frames = [1, 2].map((seed) => samplePicture(width, height, seed));

it.each([
  { what: 'small kernels', kernels: [3, 3, 3] as const, tile: 16 },
  { what: 'a wide view', kernels: [[3, 4], 5, [3, 3]] as const, tile: 16 },
  {
    what: 'a view wider than the tile',
    kernels: [
      [5, 4],
      [3, 6],
    ] as const,
    tile: 8,
  },
  { what: 'single pixels', kernels: [1] as const, tile: 32 },
])('tiles leave no seams: $what', async ({ kernels, tile }) => {
  const model = networkModel(sampleNetwork(2, kernels));
  const whole = await rig.upscale(model, frames, from);
  const tiled = await rig.upscale(model, frames, from, { tile });
  for (const [index, frame] of whole.entries())
    expect(largestDifference(tiled[index] ?? [], frame)).toBeLessThanOrEqual(1);
});

it('a model of one size leaves no seams either', async () => {
  const network = sampleNetwork(2, [3, [3, 2]]);
  const whole = await rig.upscale(networkModel(network), frames, from);
  const fixed = networkModel(network, { batch: 1, height: 24, width: 40 });
  const tiled = await rig.upscale(fixed, frames, from, { tile: 256 });
  for (const [index, frame] of whole.entries())
    expect(largestDifference(tiled[index] ?? [], frame)).toBeLessThanOrEqual(1);
});

it('a model that takes even sides only gets them, tiled and whole', async () => {
  const inside = sampleNetwork(4, [3]).layers.map(({ weights, bias }) => ({ weights, bias }))[0];
  const channels = 12;
  const model = writeModel({
    inputs: [{ name: 'input', type: 'float32', dims: ['n', 3, 'h', 'w'] }],
    outputs: [{ name: 'out', type: 'float32', dims: ['n', 3, 'H', 'W'] }],
    nodes: [
      { op: 'SpaceToDepth', inputs: ['input'], output: 'a', attributes: { blocksize: 2 } },
      {
        ...{ op: 'Conv', inputs: ['a', 'weights'], output: 'b' },
        attributes: { kernel_shape: [3, 3], pads: [1, 1, 1, 1] },
      },
      { op: 'DepthToSpace', inputs: ['b'], output: 'out', attributes: { blocksize: 4 } },
    ],
    tensors: [
      {
        ...{ name: 'weights', dims: [48, channels, 3, 3], type: 'float32' },
        data: Float32Array.from({ length: 48 * channels * 9 }, (_, i) => (inside?.weights[i % 300] ?? 0) / 4),
      },
    ],
  });
  const whole = await rig.upscale(model, frames, from);
  const tiled = await rig.upscale(model, frames, from, { tile: 20 });
  expect(new Set(whole[0]).size).toBeGreaterThan(50);
  for (const [index, frame] of whole.entries())
    expect(largestDifference(tiled[index] ?? [], frame)).toBeLessThanOrEqual(1);
});

it('says so where tiles may show', async () => {
  const deep = sampleNetwork(2, Array(70).fill(3), 1);
  const lane = await rig.lane(rig.engine(rig.write(networkModel(deep))), from, { tile: 8 });
  await lane.close();
  const wide = { ...from, width: 400 };
  await rig.lane(rig.engine(rig.write(networkModel(deep))), wide, { tile: 8 });
  expect(rig.log.filter((line) => line.includes('overlap'))).toEqual([
    'the model looks 70 pixels around each, and tiles overlap by 64',
  ]);
});
