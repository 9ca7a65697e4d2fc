import type { Size } from '../../../core/hints/display-size.ts';
import { laneFailureOf, modelRefused } from './lane-failure.ts';
import { type ModelSignature, pictureInput, pictureOutput, type SampleType } from './picture-graph.ts';
import { newSamples, pictureTensor, type Runtime, type Session } from './runtime.ts';

/** A model that enlarges pictures, and how it wants them. */
export interface ModelFacts extends ModelSignature {
  readonly scale: number;
  readonly alignment: number;
}

type Shape = readonly (number | string)[];

/** Alignments that are tried: of models that halve a picture some times before they enlarge it. */
const alignments = [1, 2, 4, 8, 16, 32, 64];

/**
 * Finds out what a model does with very small pictures.
 *
 * @param session - Of the model as it takes pictures: see `takingPictures`.
 * @throws LaneFailure `model` when it does not enlarge RGB pictures.
 */
export async function probeModel(
  runtime: Runtime,
  session: Session,
  described: ModelSignature,
  type: SampleType,
): Promise<ModelFacts> {
  let refusal: unknown = null;
  const sizes = new Set<string>();
  for (const alignment of alignments) {
    const probe = {
      width: described.width ?? probeSide(alignment, 1),
      height: described.height ?? probeSide(alignment, 0),
    };
    try {
      const output = await runProbe(runtime, session, { ...probe, batch: described.batch ?? 1, type });
      const scale = scaleOf(probe, output);
      if (scale !== null) return checked({ ...described, scale, alignment });
      sizes.add(`${probe.width}x${probe.height} to ${output.join('x')}`);
    } catch (error) {
      if (laneFailureOf(error, 'model').reason === 'out-of-memory') throw error;
      refusal ??= error;
    }
  }
  if (sizes.size === 0) throw modelRefused(`it takes no picture: ${String(refusal)}`, refusal);
  throw modelRefused(`it does not enlarge RGB pictures: it makes ${[...sizes].join(', ')}`);
}

/** What its description says; what is wrong with it becomes an error. */
export function describeModel(session: Session): ModelSignature {
  const [input, ...others] = session.inputMetadata;
  const [output] = session.outputMetadata;
  if (!input?.isTensor || !output?.isTensor || others.length > 0)
    throw modelRefused(`it has ${session.inputNames.length} inputs, and not one picture`);
  if ((input.type !== 'float32' && input.type !== 'float16') || output.type !== input.type)
    throw modelRefused(`it takes ${input.type} and gives ${output.type}, and not float32 or float16`);
  const shape: Shape = input.shape;
  const text = `[${shape.map((side) => side || '?').join(', ')}]`;
  const [batch, channels, height, width] = shape;
  if (batch === undefined || channels === undefined || height === undefined || width === undefined)
    throw modelRefused(`its input ${text} is not [batch, 3, height, width]`);
  if (channels === 1) throw modelRefused(`it takes grayscale pictures ${text}; it has to take RGB ones`);
  if (width === 3 && channels !== 3)
    throw modelRefused(`it takes channels last ${text}; it has to take [batch, 3, height, width]`);
  if (typeof channels === 'number' && channels !== 3)
    throw modelRefused(`it takes pictures of ${channels} channels ${text}, and not RGB ones`);
  return {
    inputName: input.name,
    outputName: output.name,
    isHalf: input.type === 'float16',
    batch: fixedSide(batch),
    width: fixedSide(width),
    height: fixedSide(height),
  };
}

function fixedSide(side: number | string): number | null {
  return typeof side === 'number' && side > 0 ? side : null;
}

/** A multiple of the alignment and not of twice that, so that a side which fits by chance is no proof. */
function probeSide(alignment: number, index: number): number {
  const steps = Math.ceil(16 / alignment);
  return alignment * (steps + ((steps + 1) % 2) + 2 * index);
}

async function runProbe(
  runtime: Runtime,
  session: Session,
  probe: Size & { readonly batch: number; readonly type: SampleType },
): Promise<readonly number[]> {
  const { batch, width, height } = probe;
  const input = pictureTensor(runtime, newSamples(probe.type, 3 * batch * height * width), [
    batch,
    height,
    width,
  ]);
  const results = await session.run({ [pictureInput]: input }, [pictureOutput]);
  const result = results[pictureOutput];
  if (!result || !('dims' in result)) throw modelRefused('it gives no picture');
  return [...result.dims];
}

function scaleOf(
  { width, height }: { readonly width: number; readonly height: number },
  output: readonly number[],
): number | null {
  const [, outHeight = 0, outWidth = 0, channels] = output;
  if (output.length !== 4 || channels !== 3) return null;
  const scale = outHeight / height;
  return Number.isInteger(scale) && outWidth === scale * width ? scale : null;
}

function checked(facts: ModelFacts): ModelFacts {
  if (facts.scale >= 2) return facts;
  throw modelRefused('it gives pictures of the same size, and enlarges nothing');
}
