import { describe, expect, it } from 'vitest';
import {
  type ModelNode,
  type ModelTensor,
  writeModel,
} from '../../../../../src/core/models/onnx/write-model.ts';
import { readGraph } from '../../../../../src/worker/upscale/onnx/graph.ts';
import { receptiveRadius } from '../../../../../src/worker/upscale/onnx/receptive-radius.ts';
import { networkModel, repeatingNetwork, sampleNetwork } from '../../../../support/onnx/sample-models.ts';

const dims = ['n', 3, 'h', 'w'];
const value = (name: string) => ({ name, type: 'float32' as const, dims });
const floats = (name: string, ...data: number[]): ModelTensor => ({
  name,
  dims: [data.length],
  type: 'float32',
  data,
});

/** Radius of a graph from `input` to `out`. */
function radiusOf(nodes: readonly ModelNode[], tensors: readonly ModelTensor[] = []): number | null {
  const model = writeModel({ inputs: [value('input')], outputs: [value('out')], nodes, tensors });
  return receptiveRadius(readGraph(model), 'input', 'out');
}

const conv = (from: string, to: string, attributes: ModelNode['attributes']): ModelNode => ({
  ...{ op: 'Conv', inputs: [from, 'weights'], output: to },
  ...(attributes && { attributes }),
});
const three = { kernel_shape: [3, 3], pads: [1, 1, 1, 1] };

describe('receptiveRadius', () => {
  it.each([
    { what: 'a single pixel', network: repeatingNetwork(2), radius: 0 },
    { what: 'three small kernels', network: sampleNetwork(2, [3, 3, 3]), radius: 3 },
    { what: 'large and dilated kernels', network: sampleNetwork(4, [5, [3, 4], 1]), radius: 6 },
    { what: 'as many layers as in animevideov3', network: sampleNetwork(4, Array(18).fill(3)), radius: 18 },
  ])('adds up convolutions: $what', ({ network, radius }) => {
    const graph = readGraph(networkModel(network, { io: 'float16', weights: 'float32' }));
    expect(receptiveRadius(graph, 'input', graph.nodes.at(-1)?.outputs[0] ?? '')).toBe(radius);
  });

  it.each<{ what: string; nodes: ModelNode[]; tensors?: ModelTensor[]; radius: number | null }>([
    {
      what: 'takes the kernel from the weights where the node does not say it',
      nodes: [conv('input', 'out', {})],
      tensors: [{ name: 'weights', dims: [1, 3, 7, 7], type: 'float32', data: new Float32Array(147) }],
      radius: 3,
    },
    {
      what: 'counts pixels of the picture behind a stride',
      nodes: [conv('input', 'a', { ...three, strides: [2, 2] }), conv('a', 'out', three)],
      radius: 3,
    },
    {
      what: 'counts less behind an enlargement',
      nodes: [
        { op: 'DepthToSpace', inputs: ['input'], output: 'a', attributes: { blocksize: 2 } },
        conv('a', 'b', three),
        conv('b', 'c', three),
        conv('c', 'out', three),
      ],
      radius: 2,
    },
    {
      what: 'takes the longest of several ways',
      nodes: [
        conv('input', 'a', three),
        conv('a', 'b', three),
        { op: 'Add', inputs: ['b', 'input'], output: 'out' },
      ],
      radius: 2,
    },
    {
      what: 'knows transposed convolutions',
      nodes: [
        {
          op: 'ConvTranspose',
          inputs: ['input', 'w'],
          output: 'a',
          attributes: { kernel_shape: [4, 4], strides: [2, 2] },
        },
        conv('a', 'out', three),
      ],
      radius: 3,
    },
    {
      what: 'knows interpolation',
      nodes: [
        { op: 'Resize', inputs: ['input', '', 'factors'], output: 'out', attributes: { mode: 'cubic' } },
      ],
      tensors: [floats('factors', 1, 1, 2, 2)],
      radius: 2,
    },
    {
      what: 'knows a reduction, whose factors come from a node',
      nodes: [
        { op: 'Constant', inputs: [], output: 'factors', attributes: { value: floats('', 1, 1, 0.5, 0.5) } },
        { op: 'Resize', inputs: ['input', '', 'factors'], output: 'a', attributes: { mode: 'linear' } },
        conv('a', 'out', three),
      ],
      radius: 4,
    },
    {
      what: 'counts pixels that were gathered into channels, however that is written',
      nodes: [
        { op: 'SpaceToDepth', inputs: ['input'], output: 'a', attributes: { blocksize: 2 } },
        conv('a', 'out', three),
      ],
      radius: 3,
    },
    {
      what: 'and that way as well',
      nodes: [
        { op: 'Transpose', inputs: ['input'], output: 'a', attributes: { perm: [0, 1, 3, 5, 2, 4] } },
        conv('a', 'out', three),
      ],
      radius: 7,
    },
    {
      what: 'gives up where the whole picture counts',
      nodes: [
        { op: 'GlobalAveragePool', inputs: ['input'], output: 'a' },
        { op: 'Mul', inputs: ['a', 'input'], output: 'out' },
      ],
      radius: null,
    },
    {
      what: 'gives up where places are mixed with each other',
      nodes: [{ op: 'MatMul', inputs: ['input', 'input'], output: 'out' }],
      radius: null,
    },
    {
      what: 'gives up on what it does not know',
      nodes: [{ op: 'SomethingNew', inputs: ['input'], output: 'out' }],
      radius: null,
    },
    { what: 'gives up where nothing leads to the result', nodes: [conv('input', 'b', three)], radius: null },
  ])('$what', ({ nodes, tensors, radius }) => expect(radiusOf(nodes, tensors)).toBe(radius));
});

describe('readGraph', () => {
  it('refuses what is no model', () => {
    expect(() => readGraph(Buffer.from('this is not a model'))).toThrow(RangeError);
  });

  it('survives any damage', () => {
    const model = networkModel(sampleNetwork(2, [3]));
    for (let at = 0; at < model.length; at += 3) {
      const damaged = Buffer.from(model);
      damaged[at] = (damaged[at] ?? 0) ^ 0xff;
      for (const bytes of [damaged, model.subarray(0, at)]) {
        try {
          readGraph(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
        }
      }
    }
  });
});
