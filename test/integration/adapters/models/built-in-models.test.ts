import { createHash } from 'node:crypto';
import { cp, mkdir, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { LocalModelLibrary } from '../../../../src/adapters/models/local-model-library.ts';
import { systemClock } from '../../../../src/adapters/system-clock.ts';
import { choiceFor, choicesOf, isBuiltInFile } from '../../../../src/core/models/built-in-models.ts';
import { readLayersModel } from '../../../../src/core/models/layers-model.ts';
import { layersToOnnx } from '../../../../src/core/models/layers-to-onnx.ts';
import { withHalfPrecision } from '../../../../src/worker/upscale/onnx/half-precision.ts';
import {
  pictureInput,
  pictureOutput,
  takingPictures,
} from '../../../../src/worker/upscale/onnx/picture-graph.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

const fixtures = join(import.meta.dirname, '../../../fixtures/esrgan');
const side = 10;
const picture = await readFile(join(fixtures, 'picture.rgb'));
const slimPackage = join(import.meta.dirname, '../../../../node_modules/@upscalerjs/esrgan-slim');

function libraryIn(folder: string): LocalModelLibrary {
  const inside = (name: string) => join(folder, name);
  return new LocalModelLibrary(
    {
      cache: inside('cache'),
      user: inside('own'),
      installed: inside('installed'),
    },
    { clock: systemClock, measure: async () => ({ scale: 2, megapixelsPerSecond: 0.5 }) },
  );
}

/** The largest difference of what ONNX Runtime computes from what TensorFlow.js did; white is 1. */
async function differenceOf(model: Uint8Array, scale: number, reference: string): Promise<number> {
  const plane = side * side;
  const input = Float32Array.from({ length: 3 * plane }, (_, index) => {
    return (picture[(index % plane) * 3 + Math.floor(index / plane)] ?? 0) / 255;
  });
  const session = await InferenceSession.create(model);
  const { output } = await session.run({ input: new Tensor('float32', input, [1, 3, side, side]) });
  expect(output?.dims).toEqual([1, 3, side * scale, side * scale]);
  const bytes = await readFile(join(fixtures, reference));
  const expected = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  const large = plane * scale * scale;
  return Math.max(
    ...Array.from(expected, (value, index) =>
      Math.abs(value - Number(output?.data[(index % 3) * large + Math.floor(index / 3)])),
    ),
  );
}

describe('what a converted network computes is what TensorFlow.js computes', () => {
  const folder = temporaryFolder();

  it.each([
    ['esrgan-slim', 2],
    ['esrgan-slim', 3],
    ['esrgan-slim', 4],
    ['esrgan-slim', 8],
    ['esrgan-medium', 2],
    ['esrgan-medium', 4],
  ] as const)('%s x%i', async (name, scale) => {
    const library = libraryIn(await folder);
    const path = library.pathOf(name, scale);
    await library.provide(path);
    const reference = `${name.replace('esrgan-', '')}-x${scale}.f32`;
    expect(await differenceOf(await readFile(path), scale, reference)).toBeLessThan(1e-4);
  });

  it('the layers of esrgan-thick, in small', async () => {
    const document: unknown = JSON.parse(await readFile(join(fixtures, 'dense.json'), 'utf8'));
    const model = readLayersModel(document, await readFile(join(fixtures, 'dense.bin')));
    expect(await differenceOf(layersToOnnx({ model, white: 1 }), 2, 'dense.f32')).toBeLessThan(1e-4);
  });
});

describe('half precision, which GPUs compute with', () => {
  const signature = {
    inputName: 'input',
    outputName: 'output',
    isHalf: false,
    batch: null,
    width: null,
    height: null,
  };
  const enlarge = async (model: Uint8Array): Promise<Uint8Array> => {
    const session = await InferenceSession.create(model);
    const tensor = new Tensor('uint8', Uint8Array.from(picture), [1, side, side, 3]);
    const { [pictureOutput]: output } = await session.run({ [pictureInput]: tensor });
    if (!(output?.data instanceof Uint8Array)) throw new Error('it gives no picture');
    return output.data;
  };

  it.each(['esrgan-slim', 'esrgan-medium', 'esrgan-thick, in small'] as const)(
    '%s makes pictures that differ by one step at most',
    async (name) => {
      const model = await modelOf(name);
      const single = await enlarge(takingPictures(model, signature, 'uint8'));
      const halved = takingPictures(withHalfPrecision(model), { ...signature, isHalf: true }, 'uint8');
      const differences = (await enlarge(halved)).map((sample, at) => Math.abs(sample - (single[at] ?? 0)));
      expect(differences).toHaveLength(side * side * 4 * 3);
      expect(Math.max(...differences)).toBeLessThanOrEqual(1);
    },
  );

  async function modelOf(name: string): Promise<Uint8Array> {
    if (name !== 'esrgan-slim' && name !== 'esrgan-medium') {
      const document: unknown = JSON.parse(await readFile(join(fixtures, 'dense.json'), 'utf8'));
      return layersToOnnx({
        model: readLayersModel(document, await readFile(join(fixtures, 'dense.bin'))),
        white: 1,
      });
    }
    const library = libraryIn(await temporaryFolder());
    const path = library.pathOf(name, 2);
    await library.provide(path);
    const file = await readFile(path);
    expect(isBuiltInFile(createHash('sha256').update(file).digest('hex'))).toBe(true);
    return file;
  }
});

describe('the file of a built-in model', () => {
  it('is made once, again where it was damaged, and never of weights that were changed', async () => {
    const folder = await temporaryFolder();
    const library = libraryIn(folder);
    const path = library.pathOf('esrgan-slim', 2);
    await library.provide(path);
    const whole = await readFile(path);
    await truncate(path, 1000);
    await library.provide(path);
    expect((await readFile(path)).equals(whole)).toBe(true);
    expect(await readdir(join(folder, 'cache'))).toHaveLength(1);

    // What was installed comes first.
    const installed = join(folder, 'installed/esrgan-slim/models/x2');
    await mkdir(dirname(installed), { recursive: true });
    await cp(join(slimPackage, 'models/x2'), installed, { recursive: true });
    const weights = join(installed, 'group1-shard1of1.bin');
    const bytes = await readFile(weights);
    bytes[1000] = (bytes[1000] ?? 0) ^ 1;
    await writeFile(weights, bytes);
    await rm(path);
    await expect(library.provide(path)).rejects.toMatchObject({
      code: 'model-unreadable',
      nextStep: expect.stringContaining('cosmos models install esrgan-slim'),
    });
    await truncate(weights, 5 * 2 ** 20);
    await expect(library.provide(path)).rejects.toThrow('larger than 4 MiB');
    await writeFile(join(installed, 'model.json'), '{"weightsManifest":[{"paths":["../../../secret"]}]}');
    await expect(library.provide(path)).rejects.toThrow('its list of files is damaged');
    expect(await readdir(join(folder, 'cache'))).toEqual([]);
  });

  it('names the command that installs it where it is missing', async () => {
    const library = libraryIn(await temporaryFolder());
    await expect(library.provide(library.pathOf('esrgan-thick', 2))).rejects.toMatchObject({
      code: 'prerequisite-missing',
      nextStep: 'Install them with: cosmos models install esrgan-thick',
    });
  });

  it('is chosen by how much larger pictures are to become; other names are files', async () => {
    expect([1.5, 2, 2.25, 4, 5, 16].map((scale) => choiceFor('esrgan-medium', scale).scale)).toEqual([
      2, 2, 3, 4, 8, 8,
    ]);
    const folder = await temporaryFolder();
    await mkdir(join(folder, 'own'));
    await writeFile(join(folder, 'own/mine.onnx'), 'x');
    const library = libraryIn(folder);
    expect(library.pathOf('mine', 2)).toBe(join(folder, 'own/mine.onnx'));
    expect(library.pathOf('other', 2)).toBe(join(process.cwd(), 'other'));
    const listed = await library.list();
    expect(listed.map(({ name, isInstalled }) => [name, isInstalled])).toEqual([
      ['esrgan-slim', true],
      ['esrgan-medium', true],
      ['esrgan-thick', false],
      ['mine', true],
    ]);
    expect(listed[0]?.scales).toEqual(choicesOf('esrgan-slim').map(({ scale }) => scale));
  });
});
