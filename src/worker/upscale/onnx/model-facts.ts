import { laneFailureOf, modelRefused } from './lane-failure.ts';
import type { Runtime, Session } from './runtime.ts';

/** A model that enlarges pictures, and how it wants them. */
export interface ModelFacts {
  readonly inputName: string;
  readonly outputName: string;
  /** Whether its input and output are half-precision numbers; otherwise they are single-precision ones. */
  readonly isHalf: boolean;
  readonly scale: number;
  /** Pictures that it takes at once; null: any number. */
  readonly batch: number | null;
  /** The only sides it takes, in pixels; null: any that are multiples of the alignment. */
  readonly width: number | null;
  readonly height: number | null;
  readonly alignment: number;
}

type Shape = readonly (number | string)[];

/** Alignments that are tried: of models that halve a picture some times before they enlarge it. */
const alignments = [1, 2, 4, 8, 16, 32, 64];

/**
 * Finds out what a model does with pictures, by its description and by very small pictures.
 *
 * @throws LaneFailure `model` when it does not enlarge RGB pictures.
 */
export async function probeModel(runtime: Runtime, session: Session): Promise<ModelFacts> {
  const described = describeModel(session);
  let refusal: unknown = null;
  const sizes = new Set<string>();
  for (const alignment of alignments) {
    const probe = {
      width: described.width ?? probeSide(alignment, 1),
      height: described.height ?? probeSide(alignment, 0),
    };
    try {
      const output = await runProbe(runtime, session, described, probe);
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
function describeModel(session: Session): Omit<ModelFacts, 'scale' | 'alignment'> {
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
  model: ReturnType<typeof describeModel>,
  { width, height }: { readonly width: number; readonly height: number },
): Promise<readonly number[]> {
  const batch = model.batch ?? 1;
  const dims = [batch, 3, height, width];
  const length = 3 * batch * height * width;
  const input = model.isHalf
    ? new runtime.Tensor('float16', new Uint16Array(length), dims)
    : new runtime.Tensor('float32', new Float32Array(length), dims);
  const results = await session.run({ [model.inputName]: input }, [model.outputName]);
  const result = results[model.outputName];
  if (!result || !('dims' in result)) throw modelRefused('it gives no picture');
  return [...result.dims];
}

function scaleOf(
  { width, height }: { readonly width: number; readonly height: number },
  output: readonly number[],
): number | null {
  const [, channels, outHeight = 0, outWidth = 0] = output;
  if (output.length !== 4 || channels !== 3) return null;
  const scale = outHeight / height;
  return Number.isInteger(scale) && outWidth === scale * width ? scale : null;
}

function checked(facts: ModelFacts): ModelFacts {
  if (facts.scale >= 2) return facts;
  throw modelRefused('it gives pictures of the same size, and enlarges nothing');
}
