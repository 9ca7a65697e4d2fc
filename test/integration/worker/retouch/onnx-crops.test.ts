import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { RgbConverter } from '../../../../src/core/frames/rgb-frames.ts';
import { writeModel } from '../../../../src/core/models/onnx/write-model.ts';
import type { RetoucherSpec } from '../../../../src/protocol/retouch.ts';
import type { CropFrame, CropRun } from '../../../../src/worker/retouch/crop-engine.ts';
import { OnnxCropEngine } from '../../../../src/worker/retouch/onnx/onnx-crop-engine.ts';
import { sampleRetoucherSpec } from '../../../support/memory-frames.ts';
import { inpaintingModel, lamaForm, miganForm } from '../../../support/onnx/inpainting-models.ts';
import { laneProgram } from '../../../support/onnx/onnx-rig.ts';
import { networkModel, repeatingNetwork } from '../../../support/onnx/sample-models.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

const folder = await temporaryFolder();
const { signal } = new AbortController();
const [width, height] = [52, 38];
const format = { width, height, pixelFormat: 'yuv444p' };
const box = { x: 20, y: 12, width: 14, height: 10 };
const run: CropRun = {
  ...{ format, box, frames: 1 },
  color: { range: null, space: null, primaries: null, transfer: null, chroma_location: null },
};
const converter = new RgbConverter(format, run.color, 255);
const engines: OnnxCropEngine[] = [];
const log: string[] = [];
let models = 0;

afterEach(async () => {
  for (const engine of engines.splice(0)) await engine.stop();
  log.length = 0;
});

function engineOf(model: Buffer, more: Partial<RetoucherSpec> = {}): OnnxCropEngine {
  const modelPath = join(folder, `${models++}.onnx`);
  writeFileSync(modelPath, model);
  const spec = sampleRetoucherSpec({ kind: 'onnx', model: '0'.repeat(64), ...more });
  const engine = new OnnxCropEngine(spec, { modelPath, program: laneProgram, log: (line) => log.push(line) });
  engines.push(engine);
  return engine;
}

/** Soft waves of three planes, with something red in the box. */
function sampleCrop(phase = 0, red = 200): CropFrame {
  const pixels = width * height;
  const samples = new Uint8Array(3 * pixels);
  const mask = new Uint8Array(pixels);
  for (let at = 0; at < pixels; at++) {
    const [x, y] = [at % width, Math.floor(at / width)];
    const isIn = x >= box.x && x < box.x + box.width && y >= box.y && y < box.y + box.height;
    samples[at] = isIn ? 90 : 120 + 40 * Math.sin(x / 6 + phase) + 20 * Math.cos(y / 5);
    samples[pixels + at] = 128 + (isIn ? -20 : 6 * Math.sin(y / 4));
    samples[2 * pixels + at] = isIn ? red : 128 + 5 * Math.cos(x / 7);
    mask[at] = isIn ? 255 : 0;
  }
  return { samples, mask, isWanted: true };
}

async function filled(engine: OnnxCropEngine, crops: readonly CropFrame[] = [sampleCrop()]) {
  const given = async function* () {
    yield* crops;
  };
  const made: Uint8Array[] = [];
  for await (const crop of engine.process(run, given(), signal)) made.push(crop);
  return made;
}

/** The largest difference outside of the mask, in samples, and the mean colour inside. */
function judged(result: Uint8Array, { samples, mask }: CropFrame = sampleCrop()) {
  const pixels = width * height;
  let outside = 0;
  for (let at = 0; at < result.length; at++) {
    if (mask?.[at % pixels] === 0)
      outside = Math.max(outside, Math.abs((result[at] ?? 0) - (samples[at] ?? 0)));
  }
  const rgb = converter.toRgb(result);
  const middle = 3 * ((box.y + 5) * width + box.x + 7);
  return { outside, inside: [...rgb.subarray(middle, middle + 3)] };
}

async function refusal(model: Buffer, more: Partial<RetoucherSpec> = {}): Promise<string> {
  const failure: unknown = await engineOf(model, more)
    .start(signal)
    .catch((error: unknown) => error);
  expect(failure).toMatchObject({ name: 'EngineError', class: 'fatal', code: 'model-unreadable' });
  return failure instanceof Error ? failure.message : '';
}

describe('models that fill are asked rightly', () => {
  it.each([
    lamaForm,
    { ...lamaForm, erases: 'zero' as const, image: 'signed' as const, output: 'signed' as const },
    miganForm,
  ])('$type erase-$erases of $maskTop, $image to $output', async (form) => {
    const engine = engineOf(inpaintingModel(form));
    await engine.start(signal);
    const [result = new Uint8Array()] = await filled(engine);
    const { outside, inside } = judged(result);
    expect(outside).toBeLessThanOrEqual(form.type === 'uint8' ? 2 : 0);
    for (const sample of inside) expect(Math.abs(sample - 143)).toBeLessThanOrEqual(1);
    const { erases, maskTop, image, output } = form;
    const said = `erase-${erases} with masks of 0 and ${maskTop}, images ${image}, results ${output}`;
    expect(log.join('\n')).toContain(said);
  });

  it.each([
    { what: 'smaller than the crop', sides: { width: 32, height: 32 }, tolerance: 14 },
    { what: 'larger than the crop', sides: { width: 128, height: 96 }, tolerance: 0 },
  ] as const)('at the size that is baked in: $what', async ({ sides, tolerance }) => {
    const engine = engineOf(inpaintingModel({ ...lamaForm, ...sides }));
    const [result = new Uint8Array()] = await filled(engine);
    const { outside, inside } = judged(result);
    // What goes through a smaller picture loses detail, beside the hole most of all.
    if (tolerance === 0) expect(outside).toBe(0);
    else expect(judged(result, { ...sampleCrop(), mask: grown(4) }).outside).toBeLessThanOrEqual(tolerance);
    for (const sample of inside) expect(Math.abs(sample - 143)).toBeLessThanOrEqual(1);
  });

  it('as a person says', async () => {
    const red = inpaintingModel({ ...lamaForm, output: '0..1', fill: [1, 0, 0] });
    expect(await refusal(red)).toMatch(
      /does not fill a hole.*--model-mask erase-one or erase-zero, and --model-range/,
    );
    const engine = engineOf(red, { model_mask: 'erase-one', model_range: '0..1,0..1' });
    const [result = new Uint8Array()] = await filled(engine);
    expect(judged(result)).toEqual({
      outside: 0,
      inside: [255, 0, 0].map((each) => expect.closeTo(each, -1)),
    });
  });
});

/** The box and so many pixels around it. */
function grown(by: number): Uint8Array {
  return Uint8Array.from({ length: width * height }, (_, at) => {
    const [x, y] = [at % width, Math.floor(at / width)];
    const isIn =
      x >= box.x - by && x < box.x + box.width + by && y >= box.y - by && y < box.y + box.height + by;
    return isIn ? 255 : 0;
  });
}

describe('models that are refused', () => {
  const value = (name: string, ...dims: (number | string)[]) => ({ name, type: 'float32' as const, dims });
  const picture = value('picture', 1, 3, 'h', 'w');
  const model = (inputs: (typeof picture)[], op: string) =>
    writeModel({
      inputs,
      outputs: [value('out', 1, 3, 'h', 'w')],
      nodes: [{ op, inputs: inputs.slice(0, op === 'Add' ? 2 : 1).map(({ name }) => name), output: 'out' }],
      tensors: [],
    });
  const hole = value('hole', 1, 1, 'h', 'w');

  it.each([
    {
      what: 'leaves holes as they are',
      file: model([picture, hole], 'Identity'),
      said: 'does not fill a hole',
    },
    { what: 'mixes the mask in', file: model([picture, hole], 'Add'), said: 'off by' },
    {
      what: 'two pictures',
      file: model([picture, { ...picture, name: 'other' }], 'Add'),
      said: 'and a mask',
    },
  ])('$what', async ({ file, said }) => {
    expect(await refusal(file)).toContain(said);
  });
});

it('takes the fill of the frame before where all that is known stays the same', async () => {
  const engine = engineOf(inpaintingModel(lamaForm));
  const crops = [sampleCrop(), sampleCrop(0, 120), sampleCrop(0, 60), sampleCrop(1), sampleCrop(1, 60)];
  const made = await filled(engine, crops);
  expect(log).toContain('3 of 5 fills were those of the frame before');
  // What is under the mask shows nowhere.
  expect(made[1]).toEqual(made[0]);
  expect(made[3]).not.toEqual(made[0]);
  for (const [at, crop] of crops.entries()) expect(await filled(engine, [crop])).toEqual([made[at]]);
});

it('sharpens with a model that enlarges, and gives its size back', async () => {
  const engine = engineOf(networkModel(repeatingNetwork(3)));
  const crop = sampleCrop();
  const [result = new Uint8Array()] = await filled(engine, [crop]);
  expect(result).toHaveLength(crop.samples.length);
  // Where it has no edges it is nearly as it was.
  expect(judged(result, { ...crop, mask: grown(8) }).outside).toBeLessThanOrEqual(3);
  expect(log.join('\n')).toContain('enlarges 3 times');
});
