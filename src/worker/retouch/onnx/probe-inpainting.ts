import { messageOf } from '../../../errors/app-error.ts';
import { laneFailureOf, modelRefused } from '../../upscale/onnx/lane-failure.ts';
import { type CropLaneOptions, type NumberRange, numberRanges } from './crop-lane-protocol.ts';
import {
  decodedNumbers,
  type InpaintingCoding,
  type InpaintingModel,
  type MaskedPicture,
} from './inpainting-model.ts';

/** How a model wants its pictures. */
interface InpaintingFacts {
  readonly coding: InpaintingCoding;
  /** Sides of pictures are multiples of this. */
  readonly alignment: number;
}

/** Models that halve a picture some times; a few pixels more cost little. */
const alignments = [8, 16, 32, 64];
/** Sides of the test picture, at least. */
const probeSide = 128;

/** Differences of samples from 0 to 1, in the mean. Outside the hole a model may be off by so much … */
const outsideTolerance = 0.06;
/** … and in the hole, which lies in plain gray: more is what was there before, or gray in other numbers. */
const holeTolerance = 0.12;
/** How much a hole counts beside the rest: fillings differ where pictures do not. */
const holeWeight = 0.5;
/** The best way has to be better than any other that gives another picture: by this factor, and by this difference. */
const clearly = { factor: 1.5, difference: 0.02 };
/** Pictures that differ by less are the same. */
const sameDifference = 1 / 255;

type AskableModel = Pick<InpaintingModel, 'run' | 'fixed' | 'imageType' | 'maskType'>;

interface Attempt {
  readonly coding: InpaintingCoding;
  readonly outside: number;
  readonly hole: number;
  readonly picture: Uint8Array;
}

/**
 * Finds out which pixels a mask erases and what a model's numbers are: a picture with a small hole has to come back as it
 * was outside of it, and with gray in it, for one way to ask alone.
 *
 * @throws LaneFailure `model` when there is none, or are several.
 */
export async function probeInpainting(
  model: AskableModel,
  said: Pick<CropLaneOptions, 'erases' | 'ranges'>,
): Promise<InpaintingFacts> {
  const ways = waysToAsk(model, said);
  // Where a person has said all of it, the model may do with pictures what it likes.
  const [usual] = said.erases && said.ranges ? ways : [];
  let refusal: unknown = null;
  for (const alignment of alignments) {
    const attempts: Attempt[] = [];
    for (const way of usual ? [usual] : ways) {
      try {
        attempts.push(...(await attemptsOf(model, way, probeOf(model, alignment), said.ranges)));
      } catch (error) {
        if (laneFailureOf(error, 'model').reason === 'out-of-memory') throw error;
        refusal ??= error;
      }
    }
    const [first] = attempts;
    if (first) return { coding: usual ? first.coding : clearlyBest(attempts), alignment };
  }
  throw modelRefused(`it takes no picture with a mask: ${messageOf(refusal)}`, refusal);
}

/** What comes of a picture that is asked for in one way, taken for each that it can be. */
async function attemptsOf(
  model: AskableModel,
  way: Omit<InpaintingCoding, 'output'>,
  probe: Probe,
  ranges: CropLaneOptions['ranges'],
): Promise<Attempt[]> {
  const numbers = await model.run(probe.asked, way);
  const possible = numbers instanceof Uint8Array ? (['0..255'] as const) : numberRanges;
  return (ranges ? [ranges.output] : possible).map((output) =>
    attemptOf({ ...way, output }, decodedNumbers(numbers, output), probe),
  );
}

/** Usual ones first: of several that give the same picture, the first is taken. */
function waysToAsk(
  { imageType, maskType }: Pick<InpaintingModel, 'imageType' | 'maskType'>,
  { erases, ranges }: Pick<CropLaneOptions, 'erases' | 'ranges'>,
): Omit<InpaintingCoding, 'output'>[] {
  const images: readonly NumberRange[] = ranges
    ? [ranges.image]
    : imageType === 'uint8'
      ? ['0..255']
      : numberRanges;
  const maskTops = maskType === 'uint8' ? ([255, 1] as const) : ([1, 255] as const);
  return images.flatMap((image) =>
    maskTops.flatMap((maskTop) =>
      (erases ? [erases] : (['one', 'zero'] as const)).map((each) => ({ image, maskTop, erases: each })),
    ),
  );
}

interface Probe {
  /** As the model gets it: with something in the hole that does not belong there. */
  readonly asked: MaskedPicture;
  /** As it should come back, more or less. */
  readonly whole: Float32Array;
}

/** A picture whose height is a multiple of the alignment, and not of twice that. */
function probeOf({ fixed }: AskableModel, alignment: number): Probe {
  const steps = Math.ceil(probeSide / alignment);
  return makeProbe(
    fixed.width ?? alignment * (steps + 2),
    fixed.height ?? alignment * (steps + (steps % 2 === 0 ? 1 : 0)),
  );
}

/** Soft waves and edges in other colours, plain gray in the middle, and in that a red hole. */
function makeProbe(width: number, height: number): Probe {
  const plane = width * height;
  const [planes, whole, mask] = [
    new Float32Array(3 * plane),
    new Float32Array(3 * plane),
    new Uint8Array(plane),
  ];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = y * width + x;
      const [fromMiddleX, fromMiddleY] = [Math.abs(x + 0.5 - width / 2), Math.abs(y + 0.5 - height / 2)];
      const isHole = fromMiddleX < width / 12 && fromMiddleY < height / 12;
      const isPlain = fromMiddleX < width / 5 && fromMiddleY < height / 5;
      mask[at] = isHole ? 255 : 0;
      for (let channel = 0; channel < 3; channel++) {
        const wave = Math.sin((x * (channel + 2)) / 23 + channel) * Math.cos((y * (4 - channel)) / 29);
        const step = x < width / 5 && y > height / 2 ? 0.25 : 0;
        whole[channel * plane + at] = isPlain ? 0.5 : 0.45 + 0.3 * wave + step;
        planes[channel * plane + at] = isHole ? (channel === 0 ? 1 : 0) : (whole[channel * plane + at] ?? 0);
      }
    }
  }
  return { asked: { width, height, planes, mask }, whole };
}

function attemptOf(coding: InpaintingCoding, result: Float32Array, { asked, whole }: Probe): Attempt {
  const plane = asked.width * asked.height;
  const picture = new Uint8Array(result.length);
  let [outside, hole, holePixels] = [0, 0, 0];
  for (let at = 0; at < result.length; at++) {
    const value = result[at] ?? 0;
    const difference = Math.abs(value - (whole[at] ?? 0));
    picture[at] = Math.round(255 * value);
    if (asked.mask[at % plane] === 0) outside += difference;
    else {
      hole += difference;
      holePixels += 1;
    }
  }
  return {
    coding,
    outside: outside / Math.max(1, result.length - holePixels),
    hole: hole / Math.max(1, holePixels),
    picture,
  };
}

function costOf({ outside, hole }: Attempt): number {
  return outside + holeWeight * hole;
}

function clearlyBest(attempts: readonly Attempt[]): InpaintingCoding {
  // Equal ones stay in their order.
  const [best, ...rest] = attempts.toSorted((one, other) => costOf(one) - costOf(other));
  if (!best) throw modelRefused('it gives no picture');
  if (best.outside > outsideTolerance || best.hole > holeTolerance) {
    throw modelRefused(
      `it does not fill a hole in a test picture: of ${attempts.length} ways to ask it, the best one (${codingText(best.coding)}) ` +
        `is off by ${percent(best.outside)} outside the hole and ${percent(best.hole)} in it. ${sayHow}`,
    );
  }
  const second = rest.find((each) => differenceOf(each.picture, best.picture) > sameDifference);
  if (second && costOf(second) < clearly.factor * costOf(best) + clearly.difference) {
    throw modelRefused(
      `a test picture does not show how to call it: both ${codingText(best.coding)} and ${codingText(second.coding)} could be right. ${sayHow}`,
    );
  }
  return best.coding;
}

const sayHow =
  'If it is a model that fills, say how it is asked with --model-mask erase-one or erase-zero, and --model-range IMAGE,OUTPUT';

/** `erase-one with masks of 0 and 1, images 0..1, results 0..255`. */
export function codingText({ erases, maskTop, image, output }: InpaintingCoding): string {
  return `erase-${erases} with masks of 0 and ${maskTop}, images ${image}, results ${output}`;
}

function percent(value: number): string {
  return `${(100 * value).toFixed(1)} %`;
}

/** In the mean, of 0 to 1. */
function differenceOf(one: Uint8Array, other: Uint8Array): number {
  let sum = 0;
  for (let at = 0; at < one.length; at++) sum += Math.abs((one[at] ?? 0) - (other[at] ?? 0));
  return sum / (255 * one.length);
}
