/**
 * Writes `test/fixtures/esrgan`: what TensorFlow.js computes with the weights of the built-in models, from one small picture.
 * The fixtures are in the repository, and this was run once, with the packages in a folder of their own:
 *
 *   mkdir /tmp/reference && cd /tmp/reference
 *   npm install --legacy-peer-deps @tensorflow/tfjs@4.11 @upscalerjs/esrgan-{slim,medium,thick}@1.0.0
 *   node scripts/esrgan-fixtures.ts /tmp/reference
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';

interface Tensor {
  data(): Promise<Float32Array>;
}

/** As much of TensorFlow.js as is used here. */
interface TensorFlow {
  setBackend(name: string): Promise<boolean>;
  tensor4d(values: Float32Array, shape: readonly number[]): Tensor;
  mul(one: Tensor, other: number): Tensor;
  depthToSpace(x: Tensor, size: number, format: 'NHWC'): Tensor;
  loadLayersModel(source: { load(): Promise<object> }): Promise<{ predict(x: Tensor): Tensor }>;
  layers: { Layer: new (config: object) => object };
  serialization: { registerClass(layer: unknown): void };
}

const side = 10;
const packages = resolve(process.argv[2] ?? '.', 'node_modules');
const target = join(import.meta.dirname, '../test/fixtures/esrgan');
const tf: TensorFlow = createRequire(join(packages, 'x.js'))('@tensorflow/tfjs');
await tf.setBackend('cpu');
mkdirSync(target, { recursive: true });

/** Layers of the thick model that Keras does not have, as its package defines them. */
function registerLayer(className: string, call: (x: Tensor) => Tensor): void {
  class Registered extends tf.layers.Layer {
    static readonly className = className;
    constructor() {
      super({});
    }
    call(x: Tensor | Tensor[]): Tensor {
      return call(Array.isArray(x) ? (x[0] as Tensor) : x);
    }
    computeOutputShape([batch, rows, columns]: readonly (number | null)[]) {
      return [batch, rows, columns, className === 'MultiplyBeta' ? 4 : 3];
    }
  }
  tf.serialization.registerClass(Registered);
}
registerLayer('MultiplyBeta', (x) => tf.mul(x, 0.2));
registerLayer('PixelShuffle2x', (x) => tf.depthToSpace(x, 2, 'NHWC'));

let state = 12_345;
/** Numbers in [0, 1] that look random and are the same every time. */
function random(): number {
  state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
  return state / 0x7fffffff;
}

const picture = Uint8Array.from({ length: side * side * 3 }, (_, index) => {
  const [x, y, c] = [Math.floor(index / 3) % side, Math.floor(index / 3 / side), index % 3];
  return Math.round(
    255 * Math.min(1, Math.max(0, 0.5 + 0.4 * Math.sin((x * (c + 1) + 2 * y) / 4) + (random() - 0.5) / 5)),
  );
});
writeFileSync(join(target, 'picture.rgb'), picture);

interface Stored {
  readonly modelTopology: object;
  readonly weightsManifest: readonly [
    { readonly paths: readonly string[]; readonly weights: readonly object[] },
  ];
}

/** What the model makes of the picture, as numbers where white is 1: row by row, channels last. */
async function compute({ modelTopology, weightsManifest }: Stored, numbers: Uint8Array, white: number) {
  const weightData = new Uint8Array(numbers).buffer;
  const load = async () => ({ modelTopology, weightSpecs: weightsManifest[0].weights, weightData });
  const model = await tf.loadLayersModel({ load });
  const input = tf.tensor4d(
    Float32Array.from(picture, (sample) => (sample / 255) * white),
    [1, side, side, 3],
  );
  return await tf.mul(model.predict(input), 1 / white).data();
}

for (const [name, scales] of [
  ['slim', [2, 3, 4, 8]],
  ['medium', [2, 4]],
] as const) {
  for (const scale of scales) {
    const folder = join(packages, `@upscalerjs/esrgan-${name}/models/x${scale}`);
    const stored: Stored = JSON.parse(readFileSync(join(folder, 'model.json'), 'utf8'));
    const shards = stored.weightsManifest[0].paths.map((path) => readFileSync(join(folder, path)));
    writeFileSync(join(target, `${name}-x${scale}.f32`), await compute(stored, Buffer.concat(shards), 255));
  }
}

// The thick model's weights take 110 MB: its kinds of layers stand for it, with weights that look random.
const shapes: [string, number, number, number][] = [
  ['pre', 3, 3, 4],
  ['dense', 3, 4, 2],
  ['fuse', 3, 6, 4],
  ['shuffle', 3, 4, 12],
  ['SR', 3, 3, 3],
];
const layer = (class_name: string, name: string, from: readonly string[], config: object = {}) => ({
  ...{ class_name, name },
  config: { name, trainable: true, dtype: 'float32', ...config },
  inbound_nodes: from.length === 0 ? [] : [from.map((input) => [input, 0, 0, {}])],
});
const convolution = (name: string, from: string) => {
  const [, size = 0, , filters = 0] = shapes.find(([each]) => each === name) ?? [];
  const steps = { kernel_size: [size, size], strides: [1, 1], dilation_rate: [1, 1], groups: 1 };
  const rest = {
    filters,
    padding: 'same',
    data_format: 'channels_last',
    activation: 'linear',
    use_bias: true,
  };
  return layer('Conv2D', name, [from], { ...steps, ...rest });
};
const dense: Stored & { format: string } = {
  format: 'layers-model',
  modelTopology: {
    keras_version: '2.10.0',
    backend: 'tensorflow',
    model_config: {
      class_name: 'Functional',
      config: {
        name: 'generator',
        layers: [
          layer('InputLayer', 'LR', [], { batch_input_shape: [null, null, null, 3] }),
          convolution('pre', 'LR'),
          convolution('dense', 'pre'),
          layer('Activation', 'relu', ['dense'], { activation: 'relu' }),
          layer('Concatenate', 'concat', ['pre', 'relu'], { axis: 3 }),
          convolution('fuse', 'concat'),
          layer('MultiplyBeta', 'beta', ['fuse'], { beta: 0.2 }),
          layer('Add', 'add', ['pre', 'beta']),
          convolution('shuffle', 'add'),
          layer('PixelShuffle2x', 'pixels', ['shuffle'], { scale: 2 }),
          convolution('SR', 'pixels'),
        ],
        input_layers: [['LR', 0, 0]],
        output_layers: [['SR', 0, 0]],
      },
    },
  },
  weightsManifest: [
    {
      paths: ['group1-shard1of1.bin'],
      weights: shapes.flatMap(([name, size, inputs, outputs]) => [
        { name: `${name}/kernel`, shape: [size, size, inputs, outputs], dtype: 'float32' },
        { name: `${name}/bias`, shape: [outputs], dtype: 'float32' },
      ]),
    },
  ],
};
const count = shapes.reduce(
  (sum, [, size, inputs, outputs]) => sum + (size * size * inputs + 1) * outputs,
  0,
);
const numbers = new Uint8Array(Float32Array.from({ length: count }, () => (random() - 0.4) / 4).buffer);
writeFileSync(join(target, 'dense.json'), `${JSON.stringify(dense)}\n`);
writeFileSync(join(target, 'dense.bin'), numbers);
writeFileSync(join(target, 'dense.f32'), await compute(dense, numbers, 1));
