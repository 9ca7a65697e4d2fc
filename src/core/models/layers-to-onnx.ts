import type { LayersModel, LayerWeights, NetworkLayer } from './layers-model.ts';
import { type ModelNode, type ModelTensor, writeModel } from './onnx/write-model.ts';

/** A network that enlarges RGB pictures, as it was trained. */
interface Network {
  readonly model: LayersModel;
  /** The number that stands for white, of what goes in and what comes out; black is 0. */
  readonly white: number;
}

/**
 * The same network as an ONNX file that takes `[batch, 3, height, width]` and gives a larger one, with numbers from 0 to 1.
 * Pictures of any size and any number of them go in.
 *
 * - Channels come first, so that kernels are stored in another order.
 * - What white is goes into the first and the last convolution.
 * - A convolution of an enlarged picture, in which each pixel became a block of equal ones, is computed before it is enlarged,
 *   for each place within the block; `DepthToSpace` then puts them side by side. That is as many sums, of more channels at
 *   once and from a smaller picture, and gives the same numbers, also at the edges.
 *
 * @throws RangeError for layers that are not known here.
 */
export function layersToOnnx({ model, white }: Network): Buffer {
  return new Converter(model, white).write();
}

type Attributes = NonNullable<ModelNode['attributes']>;

/** A convolution's numbers: `[output][input][row][column]`. */
interface Kernel {
  readonly outputs: number;
  readonly inputs: number;
  readonly side: number;
  readonly data: Float32Array;
  readonly bias: Float32Array;
}

const inputName = 'input';
const outputName = 'output';

class Converter {
  readonly #model: LayersModel;
  readonly #white: number;
  readonly #nodes: ModelNode[] = [];
  readonly #tensors: ModelTensor[] = [];
  /** Name of the value that each layer gives. */
  readonly #values = new Map<string, string>();
  /** Channels of it. */
  readonly #channels = new Map<string, number>();
  /** Enlargements that the next convolution makes up for: by layer, how many times. */
  readonly #enlarged = new Map<string, number>();
  #pictureName = '';
  /** How many times as large the result is. */
  #scale = 1;

  constructor(model: LayersModel, white: number) {
    this.#model = model;
    this.#white = white;
  }

  write(): Buffer {
    for (const layer of this.#model.layers) this.#add(layer);
    const side = (name: string) => (this.#scale === 1 ? name : `${this.#scale} * ${name}`);
    if (this.#values.get(this.#model.outputName) !== outputName || this.#channels.get(outputName) !== 3)
      throw new RangeError('its last layer is no convolution that gives a picture');
    return writeModel({
      inputs: [{ name: inputName, type: 'float32', dims: ['batch', 3, 'height', 'width'] }],
      outputs: [{ name: outputName, type: 'float32', dims: ['batch', 3, side('height'), side('width')] }],
      nodes: this.#nodes,
      tensors: this.#tensors,
    });
  }

  #add(layer: NetworkLayer): void {
    const { kind } = layer;
    if (kind === 'InputLayer') {
      this.#pictureName = layer.name;
      this.#set(layer, inputName, 3);
    } else if (kind === 'Conv2D') this.#addConvolution(layer);
    else if (kind === 'Activation') this.#addActivation(layer);
    else if (kind === 'Concatenate') this.#addConcatenation(layer);
    else if (kind === 'Add') this.#addSum(layer);
    else if (kind === 'UpSampling2D') this.#addEnlargement(layer);
    else if (kind === 'MultiplyBeta') this.#addFactor(layer, positive(layer, 'beta'));
    else if (kind.startsWith('PixelShuffle')) this.#addShuffle(layer, positive(layer, 'scale'));
    else throw unknown(layer, 'its kind');
  }

  #addConvolution(layer: NetworkLayer): void {
    const kernel = this.#kernelOf(layer);
    const [input = ''] = layer.inputs;
    const times = this.#enlarged.get(input) ?? 1;
    const isLast = layer.name === this.#model.outputName;
    const scaled = this.#ranged(kernel, input === this.#pictureName, isLast);
    const name = isLast && times === 1 ? outputName : layer.name;
    this.#convolve(times === 1 ? name : `${name}/parts`, this.#valueOf(input), spread(scaled, times));
    this.#set(layer, name, kernel.outputs);
    if (times > 1) {
      const whole = isLast ? outputName : layer.name;
      this.#node('DepthToSpace', [`${name}/parts`], whole, { blocksize: times });
      this.#set(layer, whole, kernel.outputs);
      this.#scale *= times;
    }
    const activation = layer.config['activation'] ?? 'linear';
    if (activation !== 'linear') throw unknown(layer, `its activation ${String(activation)}`);
  }

  #convolve(name: string, input: string, { outputs, inputs, side, data, bias }: Kernel): void {
    this.#tensors.push(
      { name: `${name}/kernel`, dims: [outputs, inputs, side, side], type: 'float32', data },
      { name: `${name}/bias`, dims: [outputs], type: 'float32', data: bias },
    );
    const around = (side - 1) / 2;
    const attributes = { kernel_shape: [side, side], pads: [around, around, around, around] };
    this.#node('Conv', [input, `${name}/kernel`, `${name}/bias`], name, attributes);
  }

  /** The kernel of a layer, with the order of its numbers changed from `[row][column][input][output]`. */
  #kernelOf(layer: NetworkLayer): Kernel {
    const { dims, data } = this.#weight(layer, 'kernel');
    const { data: bias } = this.#weight(layer, 'bias');
    const [side = 0, width = 0, inputs = 0, outputs = 0] = dims;
    const from = this.#channels.get(this.#valueOf(layer.inputs[0] ?? ''));
    if (dims.length !== 4 || side !== width || side % 2 === 0 || bias.length !== outputs || from !== inputs)
      throw unknown(layer, 'the sides of its kernel');
    const isPlain = ['strides', 'dilation_rate'].every((name) => isOnes(layer.config[name]));
    const isPadded = layer.config['padding'] === 'same' || side === 1;
    if (!isPlain || !isPadded || (layer.config['groups'] ?? 1) !== 1) throw unknown(layer, 'its steps');
    const places = side * side;
    const ordered = new Float32Array(data.length);
    for (let output = 0, at = 0; output < outputs; output++)
      for (let input = 0; input < inputs; input++)
        for (let place = 0; place < places; place++, at++)
          ordered[at] = data[(place * inputs + input) * outputs + output] ?? 0;
    return { outputs, inputs, side, data: ordered, bias };
  }

  /** A kernel that takes a picture, or gives one, for numbers from 0 to 1. */
  #ranged(kernel: Kernel, takesPicture: boolean, givesPicture: boolean): Kernel {
    const factor = (takesPicture ? this.#white : 1) / (givesPicture ? this.#white : 1);
    const data = kernel.data.map((value) => value * factor);
    const bias = givesPicture ? kernel.bias.map((value) => value / this.#white) : kernel.bias;
    return { ...kernel, data, bias };
  }

  #addActivation(layer: NetworkLayer): void {
    const { activation } = layer.config;
    if (activation !== 'relu') throw unknown(layer, `its activation ${String(activation)}`);
    this.#pass('Relu', layer, {});
  }

  #addConcatenation(layer: NetworkLayer): void {
    if (layer.config['axis'] !== 3 && layer.config['axis'] !== -1) throw unknown(layer, 'its axis');
    const inputs = layer.inputs.map((name) => this.#valueOf(name));
    const channels = inputs.reduce((sum, name) => sum + (this.#channels.get(name) ?? 0), 0);
    this.#node('Concat', inputs, layer.name, { axis: 1 });
    this.#set(layer, layer.name, channels);
  }

  #addSum(layer: NetworkLayer): void {
    const inputs = layer.inputs.map((name) => this.#valueOf(name));
    const [first = '', second = '', ...more] = inputs;
    if (second === '' || more.length > 0) throw unknown(layer, 'the number of its inputs');
    if (this.#channels.get(first) !== this.#channels.get(second)) throw unknown(layer, 'its inputs');
    this.#node('Add', inputs, layer.name, {});
    this.#set(layer, layer.name, this.#channels.get(first) ?? 0);
  }

  #addFactor(layer: NetworkLayer, factor: number): void {
    const name = `${layer.name}/factor`;
    this.#tensors.push({ name, dims: [], type: 'float32', data: [factor] });
    this.#pass('Mul', layer, {}, [name]);
  }

  #addEnlargement(layer: NetworkLayer): void {
    const [input = ''] = layer.inputs;
    const times = Array.isArray(layer.config['size']) ? layer.config['size'] : [];
    const [rows = 0, columns = 0] = times.map(Number);
    const users = this.#model.layers.filter(({ inputs }) => inputs.includes(layer.name));
    if (
      layer.config['interpolation'] !== 'nearest' ||
      !Number.isInteger(rows) ||
      rows < 2 ||
      rows !== columns
    )
      throw unknown(layer, 'its size or its interpolation');
    if (users.length !== 1 || users[0]?.kind !== 'Conv2D') throw unknown(layer, 'what comes after it');
    this.#values.set(layer.name, this.#valueOf(input));
    this.#enlarged.set(layer.name, rows);
  }

  #addShuffle(layer: NetworkLayer, times: number): void {
    const channels = (this.#channels.get(this.#valueOf(layer.inputs[0] ?? '')) ?? 0) / times ** 2;
    if (!Number.isInteger(times) || !Number.isInteger(channels)) throw unknown(layer, 'its scale');
    this.#pass('DepthToSpace', layer, { blocksize: times });
    this.#channels.set(layer.name, channels);
    this.#scale *= times;
  }

  /** An operation that keeps the number of channels. */
  #pass(op: string, layer: NetworkLayer, attributes: Attributes, more: readonly string[] = []): void {
    const input = this.#valueOf(layer.inputs[0] ?? '');
    this.#node(op, [input, ...more], layer.name, attributes);
    this.#set(layer, layer.name, this.#channels.get(input) ?? 0);
  }

  #node(op: string, inputs: readonly string[], output: string, attributes: Attributes): void {
    this.#nodes.push({ op, inputs, output, attributes });
  }

  #set({ name }: NetworkLayer, value: string, channels: number): void {
    this.#values.set(name, value);
    this.#channels.set(value, channels);
  }

  /** Layers come after those that they take from. */
  #valueOf(name: string): string {
    const value = this.#values.get(name);
    if (value === undefined) throw new RangeError(`its layer ${name} is missing`);
    return value;
  }

  #weight(layer: NetworkLayer, kind: 'kernel' | 'bias'): LayerWeights {
    const weight = this.#model.weights.get(`${layer.name}/${kind}`);
    if (!weight) throw new RangeError(`the ${kind} of its layer ${layer.name} is missing`);
    return weight;
  }
}

/**
 * The kernel that gives, from a small picture, what `kernel` gives from the picture in which each pixel became a block of
 * `times` by `times`: its outputs are those of the block's first place, then of the next one in the row, and so on.
 */
function spread(kernel: Kernel, times: number): Kernel {
  if (times === 1) return kernel;
  const { outputs, inputs, side, data, bias } = kernel;
  const reach = Math.ceil((side - 1) / 2 / times);
  const small = 2 * reach + 1;
  const sums = new Float64Array(times ** 2 * outputs * inputs * small ** 2);
  const from = (place: number, tap: number) => Math.floor((place + tap - (side - 1) / 2) / times) + reach;
  for (let block = 0; block < times ** 2; block++)
    for (let filter = 0; filter < outputs * inputs; filter++)
      for (let tap = 0; tap < side ** 2; tap++) {
        const row = from(Math.floor(block / times), Math.floor(tap / side));
        const column = from(block % times, tap % side);
        const at = ((block * outputs * inputs + filter) * small + row) * small + column;
        sums[at] = (sums[at] ?? 0) + (data[filter * side ** 2 + tap] ?? 0);
      }
  return {
    ...{ outputs: outputs * times ** 2, inputs, side: small },
    data: Float32Array.from(sums),
    bias: Float32Array.from({ length: outputs * times ** 2 }, (_, index) => bias[index % outputs] ?? 0),
  };
}

function positive(layer: NetworkLayer, name: string): number {
  const value = layer.config[name];
  if (typeof value !== 'number' || !(value > 0)) throw unknown(layer, `its ${name}`);
  return value;
}

function isOnes(value: unknown): boolean {
  return value === undefined || (Array.isArray(value) && value.every((each) => each === 1));
}

function unknown({ kind, name }: NetworkLayer, what: string): RangeError {
  return new RangeError(`its layer ${name} (${kind}) is not known here: ${what}`);
}
