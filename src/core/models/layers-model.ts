import { z } from 'zod';

/** A file of numbers would not be this long; a graph that is cannot be one of those that are known here. */
const maxLayers = 2_000;

const layerSchema = z.object({
  class_name: z.string(),
  name: z.string(),
  config: z.record(z.string(), z.unknown()),
  /** One call of the layer: for each input the name of the layer that it comes from, and three things that are not used. */
  inbound_nodes: z.array(z.array(z.tuple([z.string()], z.unknown()))).max(1),
});

const layersModelSchema = z.object({
  format: z.literal('layers-model'),
  modelTopology: z.object({
    model_config: z.object({
      config: z.object({
        layers: z.array(layerSchema).min(1).max(maxLayers),
        output_layers: z.array(z.tuple([z.string()], z.unknown())).length(1),
      }),
    }),
  }),
  weightsManifest: z
    .array(
      z.object({
        paths: z.array(z.string()),
        weights: z.array(
          z.object({
            name: z.string(),
            shape: z.array(z.int().min(1)),
            dtype: z.literal('float32'),
          }),
        ),
      }),
    )
    .length(1),
});

/** A layer of a model, which is called once. */
export interface NetworkLayer {
  readonly kind: string;
  readonly name: string;
  /** Names of the layers that it takes its inputs from. */
  readonly inputs: readonly string[];
  readonly config: Readonly<Record<string, unknown>>;
}

/** Weights of one layer: numbers and the sides of their array. */
export interface LayerWeights {
  readonly dims: readonly number[];
  readonly data: Float32Array;
}

/** A model as TensorFlow.js stores it for Keras layers: `model.json` and the numbers beside it. */
export interface LayersModel {
  readonly layers: readonly NetworkLayer[];
  readonly outputName: string;
  /** By name: `conv_1/kernel`. */
  readonly weights: ReadonlyMap<string, LayerWeights>;
}

/**
 * Reads a model in the layers format of TensorFlow.js.
 *
 * @param document - What its `model.json` holds.
 * @param numbers - The files of weights, one after the other: float32, little-endian.
 * @throws RangeError for what is no such model.
 */
export function readLayersModel(document: unknown, numbers: Uint8Array): LayersModel {
  const parsed = layersModelSchema.safeParse(document);
  if (!parsed.success) throw new RangeError('it is no model in the layers format of TensorFlow.js');
  const { modelTopology, weightsManifest } = parsed.data;
  const { layers, output_layers: outputs } = modelTopology.model_config.config;
  return {
    layers: layers.map(({ class_name: kind, name, config, inbound_nodes: calls }) => ({
      ...{ kind, name, config },
      inputs: (calls[0] ?? []).map(([input]) => input),
    })),
    outputName: outputs[0]?.[0] ?? '',
    weights: weightsOf(weightsManifest[0]?.weights ?? [], numbers),
  };
}

function weightsOf(
  listed: readonly { readonly name: string; readonly shape: readonly number[] }[],
  numbers: Uint8Array,
): Map<string, LayerWeights> {
  const weights = new Map<string, LayerWeights>();
  const view = new DataView(numbers.buffer, numbers.byteOffset, numbers.byteLength);
  let at = 0;
  for (const { name, shape } of listed) {
    const length = shape.reduce((product, side) => product * side, 1);
    if (at + 4 * length > numbers.length) throw new RangeError('its files of weights are too short');
    const begin = at;
    const data = Float32Array.from({ length }, (_, index) => view.getFloat32(begin + 4 * index, true));
    weights.set(name, { dims: [...shape], data });
    at += 4 * length;
  }
  if (at !== numbers.length) throw new RangeError('its files of weights are longer than its list of them');
  return weights;
}
