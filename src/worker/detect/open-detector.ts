import { availableParallelism } from 'node:os';
import type { Detection } from '../../core/detect/detection.ts';
import {
  imageNetScale,
  inputOf,
  type Placing,
  placeInside,
  plainScale,
  sizeInside,
  steppedSize,
} from '../../core/detect/picture-input.ts';
import { readTextMap } from '../../core/detect/text-map.ts';
import { readYoloOutput, yoloHeadOf } from '../../core/detect/yolo-output.ts';
import type { Size } from '../../core/hints/display-size.ts';
import type { DetectorOptions } from '../../protocol/detector.ts';
import { modelRefused } from '../upscale/onnx/lane-failure.ts';
import { openModel } from '../upscale/onnx/open-model.ts';
import { loadRuntime, type Runtime, type Session } from '../upscale/onnx/runtime.ts';

/** A model that is ready to look for things. */
export interface OpenDetector {
  /** The size that pictures are to have. */
  readonly picture: Size;
  /** @param picture - 8-bit RGB, row by row. */
  detect(picture: Uint8Array): Promise<readonly Detection[]>;
}

/**
 * Loads a model, and tries it once.
 *
 * @throws LaneFailure `runtime`; `model` for one that does not detect as its kind does; `out-of-memory`.
 */
export async function openDetector(options: DetectorOptions): Promise<OpenDetector> {
  const runtime = await loadRuntime();
  const lane = { modelPath: options.model_path, threads: availableParallelism(), lane: 0 };
  const { session } = await openModel(runtime, lane);
  const model = describe(runtime, session);
  return options.kind === 'text' ? await openText(model, options) : await openYolo(model, options);
}

interface Model {
  /** The only sides that it takes; null: any. */
  readonly fixed: { readonly width: number | null; readonly height: number | null };
  run(
    input: Float32Array,
    size: Size,
  ): Promise<{ readonly values: Float32Array; readonly dims: readonly number[] }>;
}

function describe(runtime: Runtime, session: Session): Model {
  const [input, ...others] = session.inputMetadata;
  const [output] = session.outputMetadata;
  if (!input?.isTensor || !output?.isTensor || others.length > 0)
    throw modelRefused(`it has ${session.inputNames.length} inputs, and not one picture`);
  if (input.type !== 'float32' || output.type !== 'float32')
    throw modelRefused(`it takes ${input.type} and gives ${output.type}, and not float32`);
  const [batch, channels, height, width, ...more] = input.shape;
  if (width === undefined || more.length > 0 || (typeof channels === 'number' && channels !== 3))
    throw modelRefused(`its input [${input.shape.join(', ')}] is not [1, 3, height, width]`);
  if (typeof batch === 'number' && batch > 1)
    throw modelRefused(`it takes ${batch} pictures at once, and not 1`);
  const names = { input: input.name, output: output.name };
  return {
    fixed: { width: fixedSide(width), height: fixedSide(height) },
    run: async (values, size) => {
      const tensor = new runtime.Tensor('float32', values, [1, 3, size.height, size.width]);
      const result = (await session.run({ [names.input]: tensor }, [names.output]))[names.output];
      if (!(result?.data instanceof Float32Array)) throw modelRefused('it gives no numbers');
      return { values: result.data, dims: result.dims };
    },
  };
}

function fixedSide(side: number | string | undefined): number | null {
  return typeof side === 'number' && side > 0 ? side : null;
}

/** The longer side that text is looked for at: small writing is found when it is enlarged, and more takes too long. */
const textSide = 960;
/** Of the core of a line, as the detector's authors have it. */
const coreThreshold = 0.3;

async function openText(
  model: Model,
  { shown, least_score: leastScore }: DetectorOptions,
): Promise<OpenDetector> {
  const size = steppedSize(shown, textSide);
  const placing = placeInside(size, size);
  const detect = async (picture: Uint8Array) => {
    const { values, dims } = await model.run(inputOf(picture, size, placing, imageNetScale), size);
    if (dims.length !== 4 || dims[1] !== 1 || dims[2] !== size.height || dims[3] !== size.width)
      throw modelRefused(`it gives [${dims.join(', ')}], and not a map of text`);
    return readTextMap(values, size, { threshold: coreThreshold, leastScore });
  };
  return await tried(size, detect);
}

/** What YOLO models are exported for, unless another size is asked for. */
const usualYoloSide = 640;

async function openYolo(
  model: Model,
  { shown, least_score: leastScore }: DetectorOptions,
): Promise<OpenDetector> {
  const free = steppedSize(shown, usualYoloSide);
  const input = { width: model.fixed.width ?? free.width, height: model.fixed.height ?? free.height };
  const size = sizeInside(shown, input);
  const placing = placeInside(size, input);
  const detect = async (picture: Uint8Array) => {
    const { values, dims } = await model.run(inputOf(picture, size, placing, plainScale), input);
    const head = yoloHeadOf(dims, input);
    if (head === null)
      throw modelRefused(
        `for a picture of ${input.width}x${input.height} it gives [${dims.join(', ')}], which is not an output of YOLO: ` +
          'neither [1, 4 + classes, cells] nor [1, 3 · cells, 5 + classes] nor [1, boxes, 6]',
      );
    return readYoloOutput(values, dims, head, leastScore).flatMap((each) => inPicture(each, placing, size));
  };
  return await tried(size, detect);
}

/** What lies in the picture of something that was found in the model's input. */
function inPicture(
  { rect, score, label }: Detection,
  { left, top }: Placing,
  { width, height }: Size,
): Detection[] {
  const inside = {
    left: Math.max(0, rect.left - left),
    top: Math.max(0, rect.top - top),
    right: Math.min(width, rect.right - left),
    bottom: Math.min(height, rect.bottom - top),
  };
  return inside.right > inside.left && inside.bottom > inside.top ? [{ rect: inside, score, label }] : [];
}

/** A model of another kind shows at once, and not in the middle of a video. */
async function tried(picture: Size, detect: OpenDetector['detect']): Promise<OpenDetector> {
  await detect(new Uint8Array(3 * picture.width * picture.height));
  return { picture, detect };
}
