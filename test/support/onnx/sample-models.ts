import { type ModelNode, type ModelTensor, writeModel } from '../../../src/core/models/onnx/write-model.ts';

/** One convolution: weights as `[output channel][input channel][row][column]`, flat. */
export interface ConvLayer {
  readonly inChannels: number;
  readonly outChannels: number;
  readonly kernel: number;
  readonly dilation: number;
  readonly weights: Float32Array;
  readonly bias: Float32Array;
  /** Whether what is below zero becomes zero after it. */
  readonly isRectified: boolean;
}

/** How a model is written down. */
export interface ModelForm {
  /** Type of input and output. */
  readonly io: 'float32' | 'float16';
  readonly weights: 'float32' | 'float16';
  readonly batch: number | 'n';
  readonly height: number | 'h';
  readonly width: number | 'w';
  readonly operatorSet: number;
}

const plainForm: ModelForm = {
  io: 'float32',
  weights: 'float32',
  batch: 'n',
  height: 'h',
  width: 'w',
  operatorSet: 13,
};

/** Convolutions, and then depth to space: an upscaler like those that people use, in small. */
export interface SampleNetwork {
  readonly layers: readonly ConvLayer[];
  readonly scale: number;
}

/**
 * Convolutions with weights that look random and are the same every time, of the given kernel sizes. Values stay
 * near those of the picture, so that few are cut off.
 *
 * @param kernels - Kernel size of each layer, or size and dilation.
 */
export function sampleNetwork(
  scale: number,
  kernels: readonly (number | readonly [number, number])[],
  channels = 4,
): SampleNetwork {
  const next = randomNumbers(scale * 1000 + kernels.length);
  const layers = kernels.map((each, index) => {
    const [kernel, dilation] = typeof each === 'number' ? [each, 1] : each;
    const inChannels = index === 0 ? 3 : channels;
    const isLast = index === kernels.length - 1;
    const outChannels = isLast ? 3 * scale * scale : channels;
    const perOutput = inChannels * kernel * kernel;
    const weights = Float32Array.from({ length: outChannels * perOutput }, () => (next() * 2.4) / perOutput);
    const bias = Float32Array.from({ length: outChannels }, () => (next() - 0.5) * 0.1);
    return { inChannels, outChannels, kernel, dilation, weights, bias, isRectified: !isLast };
  });
  return { layers, scale };
}

/** Each pixel becomes a block of that pixel: the one upscaler whose answer nobody has to compute. */
export function repeatingNetwork(scale: number): SampleNetwork {
  const outChannels = 3 * scale * scale;
  // DepthToSpace takes channels block by block: channel c of place p is number 3 p + c.
  const weights = Float32Array.from({ length: outChannels * 3 }, (_, index) =>
    Math.floor(index / 3) % 3 === index % 3 ? 1 : 0,
  );
  const bias = new Float32Array(outChannels);
  const layer = { inChannels: 3, outChannels, kernel: 1, dilation: 1, weights, bias, isRectified: false };
  return { layers: [layer], scale };
}

/** The network as an ONNX file. */
export function networkModel({ layers, scale }: SampleNetwork, form: Partial<ModelForm> = {}): Buffer {
  const { io, weights: weightType, batch, height, width, operatorSet } = { ...plainForm, ...form };
  const tensors: ModelTensor[] = [];
  const nodes: ModelNode[] = [];
  let value = 'input';
  const add = (op: string, inputs: readonly string[], attributes: ModelNode['attributes'] = {}) => {
    const output = `${op}_${nodes.length}`;
    nodes.push({ op, inputs: [value, ...inputs], output, attributes });
    value = output;
  };
  const castTo = (type: 'float32' | 'float16') => add('Cast', [], { to: type === 'float32' ? 1 : 10 });
  if (io !== weightType) castTo(weightType);
  for (const [index, layer] of layers.entries()) {
    const { inChannels, outChannels, kernel, dilation, weights, bias, isRectified } = layer;
    const names = [`weights_${index}`, `bias_${index}`] as const;
    const dims = [outChannels, inChannels, kernel, kernel];
    tensors.push({ name: names[0], dims, type: weightType, data: weights });
    tensors.push({ name: names[1], dims: [outChannels], type: weightType, data: bias });
    const padding = (dilation * (kernel - 1)) / 2;
    const pads = [padding, padding, padding, padding];
    add('Conv', names, { kernel_shape: [kernel, kernel], dilations: [dilation, dilation], pads });
    if (isRectified) add('Relu', []);
  }
  add('DepthToSpace', [], { blocksize: scale });
  if (io !== weightType) castTo(io);
  const times = (side: number | string) => (typeof side === 'number' ? side * scale : `${side}_out`);
  return writeModel({
    inputs: [{ name: 'input', type: io, dims: [batch, 3, height, width] }],
    outputs: [{ name: value, type: io, dims: [batch, 3, times(height), times(width)] }],
    nodes,
    tensors,
    operatorSet,
  });
}

/** Numbers in [0, 1) that look random: the same for the same seed. */
export function randomNumbers(seed: number): () => number {
  let state = (seed * 2654435761) >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state / 2 ** 32;
  };
}
