import { type ModelNode, type ModelTensor, writeModel } from '../../../src/core/models/onnx/write-model.ts';

/** How a model that fills holes with one shade wants its tensors. */
export interface InpaintingForm {
  readonly type: 'float32' | 'uint8';
  readonly erases: 'one' | 'zero';
  readonly maskTop: 1 | 255;
  readonly image: '0..1' | '0..255' | 'signed';
  readonly output: '0..1' | '0..255' | 'signed';
  readonly height: number | 'h';
  readonly width: number | 'w';
  /** What it fills with: red, green and blue from 0 to 1. */
  readonly fill: readonly [red: number, green: number, blue: number];
  /** What it leaves of the known pixels, from 0 to 1, around gray: models that do not put the picture back are off a little. */
  readonly keeps: number;
}

/** As LaMa is exported. */
export const lamaForm: InpaintingForm = {
  ...{ type: 'float32', erases: 'one', maskTop: 1, image: '0..1', output: '0..255' },
  ...{ height: 'h', width: 'w', fill: [0.56, 0.56, 0.56], keeps: 1 },
};
/** As MI-GAN is exported with all that is around it. */
export const miganForm: InpaintingForm = {
  ...lamaForm,
  ...{ type: 'uint8', erases: 'zero', maskTop: 255, image: '0..255', output: '0..255' },
};

const elementCodes = { float32: 1, uint8: 2 };
/** Number = value * scale + offset. */
const scales = { '0..1': [1, 0], '0..255': [255, 0], signed: [2, -1] } as const;

/** A model that fills holes with one shade, as an ONNX file. */
export function inpaintingModel(form: InpaintingForm): Buffer {
  const { type, erases, maskTop, image, output, height, width, fill, keeps } = form;
  const tensors: ModelTensor[] = [];
  const nodes: ModelNode[] = [];
  const constant = (...data: number[]) => {
    const name = `c${tensors.length}`;
    tensors.push({ name, dims: data.length === 3 ? [1, 3, 1, 1] : [], type: 'float32', data });
    return name;
  };
  const add = (op: string, inputs: readonly string[], attributes: ModelNode['attributes'] = {}) => {
    const name = `${op}${nodes.length}`;
    nodes.push({ op, inputs, output: name, attributes });
    return name;
  };
  const float = (name: string) => (type === 'float32' ? name : add('Cast', [name], { to: 1 }));
  const [imageScale, imageOffset] = scales[image];
  const picture = add('Div', [add('Sub', [float('picture'), constant(imageOffset)]), constant(imageScale)]);
  const ratio = add('Div', [float('hole'), constant(maskTop)]);
  const isHole = erases === 'one' ? ratio : add('Sub', [constant(1), ratio]);
  const kept = add('Add', [
    add('Mul', [add('Sub', [picture, constant(0.5)]), constant(keeps)]),
    constant(0.5),
  ]);
  const filled = add('Add', [
    add('Mul', [kept, add('Sub', [constant(1), isHole])]),
    add('Mul', [constant(...fill), isHole]),
  ]);
  const [outputScale, outputOffset] = scales[output];
  const numbers = add('Add', [add('Mul', [filled, constant(outputScale)]), constant(outputOffset)]);
  const result =
    type === 'float32'
      ? numbers
      : add('Cast', [add('Round', [add('Clip', [numbers, constant(0), constant(255)])])], {
          to: elementCodes.uint8,
        });
  return writeModel({
    inputs: [
      { name: 'hole', type, dims: [1, 1, height, width] },
      { name: 'picture', type, dims: [1, 3, height, width] },
    ],
    outputs: [{ name: result, type, dims: [1, 3, height, width] }],
    ...{ nodes, tensors },
  });
}
