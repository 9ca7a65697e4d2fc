import { describe, expect, it } from 'vitest';
import {
  decodedNumbers,
  type InpaintingCoding,
  InpaintingModel,
  type MaskedPicture,
} from '../../../../src/worker/retouch/onnx/inpainting-model.ts';
import { probeInpainting } from '../../../../src/worker/retouch/onnx/probe-inpainting.ts';
import type { Runtime, Session } from '../../../../src/worker/upscale/onnx/runtime.ts';

const ranges = ['0..1', '0..255', 'signed'] as const;
const scales = { '0..1': [1, 0], '0..255': [255, 0], signed: [2, -1] } as const;
const found = { erases: null, ranges: null };

interface Toy extends InpaintingCoding {
  readonly type: 'float32' | 'uint8';
  /** What it makes of a known sample, and what it fills with. */
  keep(sample: number, at: number): number;
  readonly fill: number;
  readonly alignment?: number;
}

const usual: Toy = {
  ...{ type: 'float32', erases: 'one', maskTop: 1, image: '0..1', output: '0..1', fill: 0.53 },
  keep: (sample) => sample,
};

/** A model that wants its numbers as `toy` says, asked with those of `coding`. */
function modelOf(toy: Toy) {
  const { type, alignment = 1 } = toy;
  const [imageScale, imageOffset] = scales[toy.image];
  const [outputScale, outputOffset] = scales[toy.output];
  return {
    ...{ fixed: { width: null, height: null }, imageType: type, maskType: type, asked: 0 },
    async run({ planes, mask, width, height }: MaskedPicture, coding: Omit<InpaintingCoding, 'output'>) {
      if (width % alignment > 0 || height % alignment > 0) throw new RangeError('sides do not fit');
      this.asked += 1;
      const [askedScale, askedOffset] = scales[coding.image];
      const numbers = planes.map((sample, at) => {
        const number = sample * askedScale + askedOffset;
        const own = (number - imageOffset) / imageScale;
        const isErased = mask[at % mask.length] !== 0;
        const hole = isErased === (coding.erases === 'one') ? coding.maskTop / toy.maskTop : 0;
        const share = toy.erases === 'one' ? hole : 1 - hole;
        return (toy.keep(own, at) * (1 - share) + toy.fill * share) * outputScale + outputOffset;
      });
      if (type === 'float32') return numbers;
      return Uint8Array.from(numbers.map((value) => Math.round(Math.min(255, Math.max(0, value)))));
    },
  };
}

/** One that blurs what it knows by a few hundredths, as models do that do not put the picture back. */
const blurring = { keep: (sample: number, at: number) => 0.5 + 0.95 * (sample - 0.5) + 0.02 * Math.sin(at) };

const codings = ranges.flatMap((image, one) =>
  ranges.map((output, other) => ({
    erases: (one + other) % 2 === 0 ? ('one' as const) : ('zero' as const),
    maskTop: other === 1 ? (255 as const) : (1 as const),
    ...{ image, output },
  })),
);

describe.each([
  { what: 'put back exactly', more: {} },
  { what: 'off a little', more: blurring },
])('a model whose known pixels are $what', ({ more }) => {
  it.each(codings)('erase-$erases of $maskTop, $image to $output', async (coding) => {
    const { coding: seen } = await probeInpainting(modelOf({ ...usual, ...coding, ...more }), found);
    // What gives the same picture is as good.
    const [one, other] = await Promise.all([coding, seen].map((each) => pictureBy(coding, each)));
    expect(largestDifference(one, other)).toBeLessThan(0.01);
  });
});

it.each([
  { erases: 'zero', maskTop: 255 },
  { erases: 'one', maskTop: 255 },
  { erases: 'zero', maskTop: 1 },
] as const)('bytes, erase-$erases of $maskTop', async (how) => {
  const toy = { ...usual, type: 'uint8', image: '0..255', output: '0..255', ...how } as const;
  expect((await probeInpainting(modelOf(toy), found)).coding).toMatchObject(how);
});

/** What a model of the first coding makes of a picture with the second one. */
async function pictureBy(own: InpaintingCoding, asked: InpaintingCoding) {
  const [width, height] = [16, 16];
  const planes = Float32Array.from({ length: 3 * width * height }, (_, at) => ((at * 37) % 100) / 100);
  const mask = Uint8Array.from({ length: width * height }, (_, at) => (at % 16 > 11 ? 255 : 0));
  const numbers = await modelOf({ ...usual, ...own }).run({ width, height, planes, mask }, asked);
  return decodedNumbers(numbers, asked.output);
}

function largestDifference(one: ArrayLike<number> = [], other: ArrayLike<number> = []): number {
  return Math.max(...Array.from(one).map((each, at) => Math.abs(each - (other[at] ?? 0))));
}

it('finds sides that fit', async () => {
  expect((await probeInpainting(modelOf({ ...usual, alignment: 32 }), found)).alignment).toBe(32);
  await expect(probeInpainting(modelOf({ ...usual, alignment: 48 }), found)).rejects.toThrow(
    'sides do not fit',
  );
});

it.each([
  {
    what: 'gives the hole back',
    toy: { fill: 0.53, erases: 'one', keep: () => 0.5 },
    said: /outside the hole/,
  },
  {
    what: 'fills with another shade',
    toy: { fill: 0.25 },
    said: /does not fill a hole.*--model-mask.*--model-range/,
  },
] as const)('refuses one that $what', async ({ toy, said }) => {
  await expect(probeInpainting(modelOf({ ...usual, ...toy }), found)).rejects.toThrow(said);
});

it('refuses one of which two ways could be right, and asks only one that is told', async () => {
  // Off by more than a fill in other numbers differs.
  const loose = { ...usual, fill: 0.44, keep: (sample: number, at: number) => sample + 0.05 * Math.sin(at) };
  await expect(probeInpainting(modelOf(loose), found)).rejects.toThrow(
    /both erase-one.*and erase-one.*could be right/,
  );
  const model = modelOf({ ...loose, fill: 0.1 });
  const told = { erases: 'one', ranges: { image: '0..1', output: '0..1' } } as const;
  const { coding } = await probeInpainting(model, told);
  expect(coding).toEqual({ erases: 'one', maskTop: 1, image: '0..1', output: '0..1' });
  // To find out which sides fit.
  expect(model.asked).toBe(1);
});

describe('tensors', () => {
  type Shape = readonly (number | string)[];
  const tensor = (name: string, shape: Shape, type = 'float32') => ({ isTensor: true, name, shape, type });
  const picture = tensor('a', ['n', 3, 'h', 'w']);
  const hole = tensor('b', [1, 1, 64, 48]);
  const described = (inputs: readonly object[], output: object = tensor('out', [1, 3, 'h', 'w'])) => {
    const session = { inputMetadata: inputs, outputMetadata: [output] };
    return new InpaintingModel({} as Runtime, session as unknown as Session);
  };

  it.each([
    { what: 'named in any way, in any order', inputs: [hole, picture] },
    { what: 'a mask of an open number of channels', inputs: [picture, tensor('c', ['n', 'c', 64, 48])] },
  ])('are known: $what', ({ inputs }) => {
    expect(described(inputs).fixed).toEqual({ width: 48, height: 64 });
  });

  it.each([
    { what: 'two pictures', inputs: [picture, picture], said: 'a mask [1, 1, height, width]' },
    {
      what: 'a third input',
      inputs: [picture, hole, hole],
      said: 'a [n, 3, h, w] and b [1, 1, 64, 48] and b',
    },
    { what: 'several at once', inputs: [tensor('a', [4, 3, 'h', 'w']), hole], said: 'a [4, 3, h, w]' },
    { what: 'half precision', inputs: [tensor('a', [1, 3, 8, 8], 'float16'), hole], said: 'a is float16' },
  ])('are refused: $what', ({ inputs, said }) => expect(() => described(inputs)).toThrow(said));

  it('are refused: no picture comes of it', () => {
    expect(() => described([picture, hole], tensor('out', [1, 10]))).toThrow('gives no picture');
  });
});
