import { afterEach, describe, expect, it } from 'vitest';
import { writeModel } from '../../../../../src/core/models/onnx/write-model.ts';
import { externalTensor, modelWithTensor } from '../../../../support/onnx/external-data.ts';
import { OnnxRig, samplePicture } from '../../../../support/onnx/onnx-rig.ts';
import { largestDifference, runNetwork } from '../../../../support/onnx/run-network.ts';
import { networkModel, repeatingNetwork, sampleNetwork } from '../../../../support/onnx/sample-models.ts';
import { temporaryFolder } from '../../../../support/temporary-folder.ts';

const rig = new OnnxRig(await temporaryFolder());
afterEach(() => rig.close());

const [width, height] = [46, 31];
const from = { width, height, pixelFormat: 'rgb24' };
const frames = [1, 2, 3, 4, 5].map((seed) => samplePicture(width, height, seed));

describe('what a lane makes of frames is what the network says', () => {
  it.each([
    { what: 'twice as large', scale: 2, form: {} },
    { what: 'three times', scale: 3, form: {} },
    { what: 'four times', scale: 4, form: {} },
    { what: 'half-precision weights', scale: 2, form: { weights: 'float16' } },
    { what: 'half precision all through', scale: 2, form: { weights: 'float16', io: 'float16' } },
    { what: 'half-precision pictures only', scale: 4, form: { io: 'float16' } },
    { what: 'one frame at once', scale: 2, form: { batch: 1 } },
    { what: 'four frames at once', scale: 2, form: { batch: 4 } },
    { what: 'one size of pictures', scale: 2, form: { batch: 1, height: 20, width: 24 } },
    { what: 'one size that is larger than the frame', scale: 2, form: { height: 64, width: 64 } },
    { what: 'operators of 2018', scale: 2, form: { operatorSet: 7 } },
    { what: 'one height', scale: 2, form: { height: 20 } },
  ] as const)('$what', async ({ scale, form }) => {
    // Weights of one size see nothing of what is beyond the edge.
    const isPadded = 'width' in form && form.width > width;
    const network = sampleNetwork(scale, isPadded ? [1, 1] : [3, [3, 2], 3]);
    const large = await rig.upscale(networkModel(network, form), frames, from, { batchSize: 8 });
    expect(large).toHaveLength(frames.length);
    for (const [index, frame] of frames.entries()) {
      const expected = runNetwork(network, frame, width, height);
      expect(largestDifference(large[index] ?? [], expected)).toBeLessThanOrEqual(1);
    }
  });

  it('repeats pixels exactly', async () => {
    const network = repeatingNetwork(3);
    const [large] = await rig.upscale(networkModel(network), frames.slice(0, 1), from);
    const [frame = new Uint8Array()] = frames;
    expect(largestDifference(large ?? [], runNetwork(network, frame, width, height))).toBe(0);
  });

  it('keeps what is outside 0 to 1 within the samples, and makes black of what is no number', async () => {
    const { layers, scale } = repeatingNetwork(2);
    const [layer] = layers;
    if (!layer) throw new Error('it has one layer');
    const weights = layer.weights.map((weight, index) => weight * ([1000, -1000, 1][index % 3] ?? 0));
    const bias = layer.bias.map((_, index) => (index % 3 === 2 ? Number.NaN : 0));
    const gray = new Uint8Array(3 * width * height).fill(100);
    for (const io of ['float32', 'float16'] as const) {
      const network = networkModel({ layers: [{ ...layer, weights, bias }], scale }, { io });
      const [large] = await rig.upscale(network, [gray], from);
      expect([...(large ?? []).slice(0, 6)]).toEqual([255, 0, 0, 255, 0, 0]);
    }
  });

  it.each([
    { io: 'float32', tolerance: 1 },
    // Eleven bits: more than the ten of deep video.
    { io: 'float16', tolerance: 32 },
  ] as const)('16 bits a sample, $io', async ({ io, tolerance }) => {
    const network = sampleNetwork(2, [3, 3]);
    const deep = Uint16Array.from(frames[0] ?? [], (sample, i) => sample * 257 - (i % 100));
    const lane = await rig.lane(rig.engine(rig.write(networkModel(network, { io }))), {
      ...from,
      pixelFormat: 'rgb48le',
    });
    const [large = new Uint8Array()] = await lane.upscale([new Uint8Array(deep.buffer)]);
    const samples = new Uint16Array(large.buffer, large.byteOffset, large.length / 2);
    const expected = runNetwork(network, deep, width, height);
    expect(largestDifference(samples, expected)).toBeLessThanOrEqual(tolerance);
  });
});

describe('models that are refused', () => {
  const value = (name: string, ...dims: (number | string)[]) => ({ name, type: 'float32' as const, dims });
  const relu = { op: 'Relu', inputs: ['input'], output: 'out' };
  const picture = ['n', 3, 'h', 'w'];
  const refused = async (model: Buffer) => {
    const engine = rig.engine(rig.write(model));
    const failure: unknown = await engine.start(new AbortController().signal).catch((error) => error);
    expect(failure).toMatchObject({ name: 'EngineError', class: 'fatal', code: 'model-unreadable' });
    return failure instanceof Error ? failure.message : '';
  };
  const good = networkModel(sampleNetwork(4, [3]));
  const good2 = networkModel(sampleNetwork(2, [3]));

  it.each([
    {
      what: 'no ONNX file',
      model: Buffer.from('not a model at all'),
      said: 'cannot be used: Protobuf parsing failed.',
    },
    {
      what: 'a function with a constant in another file',
      model: Buffer.concat([good2, modelWithTensor('constant in a function', externalTensor('secret.bin'))]),
      said: 'its weights are in a file of their own',
    },
    {
      what: 'a branch with weights in another file',
      model: Buffer.concat([
        good2,
        modelWithTensor('initializer of a subgraph', externalTensor('secret.bin')),
      ]),
      said: 'its weights are in a file of their own',
    },
    { what: 'an empty file', model: Buffer.alloc(0), said: 'model' },
    { what: 'a file that was cut off', model: good.subarray(0, good.length - 300), said: 'model' },
    {
      what: 'pictures that stay as they are',
      model: writeModel({
        inputs: [value('input', ...picture)],
        outputs: [value('out', ...picture)],
        nodes: [relu],
        tensors: [],
      }),
      said: 'enlarges nothing',
    },
    {
      what: 'grayscale',
      model: writeModel({
        inputs: [value('input', 'n', 1, 'h', 'w')],
        outputs: [value('out', 'n', 1, 'h', 'w')],
        nodes: [relu],
        tensors: [],
      }),
      said: 'grayscale',
    },
    {
      what: 'channels last',
      model: writeModel({
        inputs: [value('input', 'n', 'h', 'w', 3)],
        outputs: [value('out', 'n', 'h', 'w', 3)],
        nodes: [relu],
        tensors: [],
      }),
      said: 'channels last [n, h, w, 3]',
    },
    {
      what: 'two inputs',
      model: writeModel({
        inputs: [value('input', ...picture), value('other', ...picture)],
        outputs: [value('out', ...picture)],
        nodes: [{ op: 'Add', inputs: ['input', 'other'], output: 'out' }],
        tensors: [],
      }),
      said: '2 inputs',
    },
    {
      what: 'a classifier',
      model: writeModel({
        inputs: [value('input', ...picture)],
        outputs: [value('out', 'n', 3, 1, 1)],
        nodes: [{ op: 'GlobalAveragePool', inputs: ['input'], output: 'out' }],
        tensors: [],
      }),
      said: 'does not enlarge RGB pictures',
    },
  ])('$what', async ({ model, said }) => expect(await refused(model)).toContain(said));
});
