import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { familyNamed, familyNames, groupSamples } from '../../../../src/core/inference/families.ts';
import { inferenceParametersSchema } from '../../../../src/core/inference/parameters.ts';
import type { InferenceSample } from '../../../../src/core/inference/sample.ts';
import { readModelInput } from '../../../support/model-input.ts';
import { sampleCosmos3Prompt } from '../../../support/sample-cosmos3.ts';

const usual = inferenceParametersSchema.parse({});

function sample(changes: Partial<InferenceSample> = {}): InferenceSample {
  return {
    name: 'harbour',
    prompt: 'Cranes at dawn',
    negativePrompt: '',
    video: { path: '../videos/a.mp4', size: { width: 1280, height: 720 }, frames: 121 * 93 },
    controls: [{ kind: 'edge', path: null, weight: 0.25 }],
    parameters: usual,
    promptTokens: 4,
    ...changes,
  };
}

const strength = fc.constantFrom('very_low', 'low', 'medium', 'high', 'very_high') as fc.Arbitrary<'low'>;
const samples = fc
  .array(
    fc.record({
      prompt: fc.string({ minLength: 1, unit: 'binary' }).filter((text) => text.trim() !== ''),
      negativePrompt: fc.oneof(fc.constant(''), fc.string({ minLength: 1 })),
      video: fc.option(
        fc.record({
          path: fc.stringMatching(/^[^\\]+$/),
          size: fc.record({
            width: fc.integer({ min: 16, max: 4096 }),
            height: fc.integer({ min: 16, max: 4096 }),
          }),
          frames: fc.integer({ min: 1, max: 1000 }),
        }),
      ),
      controls: fc.uniqueArray(
        fc.record({
          kind: fc.constantFrom('vis', 'edge', 'depth', 'seg', 'keypoint', 'pose'),
          path: fc.option(fc.stringMatching(/^[^\\]+$/)),
          weight: fc.double({ min: 0, max: 3, noNaN: true }),
        }),
        { selector: ({ kind }) => kind },
      ),
      parameters: fc.record({
        num_steps: fc.integer({ min: 1, max: 100 }),
        guidance: fc.double({ min: 1, max: 20, noNaN: true }),
        sigma_max: fc.double({ min: 0, max: 80, noNaN: true }),
        blur_strength: strength,
        canny_threshold: strength,
        fps: fc.double({ min: 1, max: 60, noNaN: true }),
        seed: fc.integer({ min: 0, max: 2 ** 31 }),
      }),
      promptTokens: fc.integer({ min: 1, max: 2000 }),
    }),
    { minLength: 1, maxLength: 12 },
  )
  .map((list): InferenceSample[] => list.map((each, index) => ({ ...each, name: `s${index}` })));

describe.each(familyNames)('%s', (name) => {
  const family = familyNamed(name);

  it('writes what the strict reader of its program accepts, and every sample once', () => {
    fc.assert(
      fc.property(samples, (all) => {
        const taken = all.filter((each) => family.refusal(each) === null);
        const groups = groupSamples(family, taken);
        const read = groups.map(({ files }) => readModelInput(name, files));
        expect(read.reduce((sum, count) => sum + count.length, 0)).toBe(taken.length);
        const names = groups.flatMap(({ files }) => files.map((file) => file.name));
        expect(new Set(names).size).toBe(names.length);
        for (const { files, command } of groups) {
          expect(files.some((file) => command.includes(file.name) || command.includes('*.json'))).toBe(true);
        }
      }),
      { numRuns: 200, seed: 7 },
    );
  });

  it('refuses a spec without a video', () => {
    expect(family.refusal(sample({ video: null }))).toMatch(/no video/);
  });

  it('takes a plain sample without a word', () => {
    const plain = sample(name.startsWith('predict') ? { controls: [] } : {});
    expect([family.refusal(plain), ...family.warnings(plain)]).toEqual([null]);
  });
});

it.each([
  { family: 'transfer1', what: /cut off/, changes: { promptTokens: 600 } },
  {
    family: 'transfer1',
    what: /not a multiple of the 121/,
    changes: { video: { path: 'a', size: { width: 16, height: 9 }, frames: 200 } },
  },
  {
    family: 'transfer1',
    what: /last is repeated/,
    changes: { video: { path: 'a', size: { width: 16, height: 9 }, frames: 24 } },
  },
  {
    family: 'transfer1',
    what: /scaled down to 1/,
    changes: { controls: ['vis', 'edge'].map((kind) => ({ kind, path: null, weight: 0.7 })) },
  },
  { family: 'transfer1', what: /"\*"/, changes: { prompt: 'a *bold* crane' } },
  {
    family: 'transfer2.5',
    what: /"vis" at 1/,
    changes: { controls: [{ kind: 'vis', path: null, weight: 1 }] },
  },
  {
    family: 'transfer2.5',
    what: /weights above 1 are written as 1/,
    changes: { controls: [{ kind: 'edge', path: null, weight: 2 }] },
  },
  {
    family: 'transfer2.5',
    what: /guidance 7.5 is written as 7/,
    changes: { parameters: { ...usual, guidance: 7.5 } },
  },
  {
    family: 'transfer2.5',
    what: /sigma_max cannot be written/,
    changes: { parameters: { ...usual, sigma_max: 60 } },
  },
  {
    family: 'predict2',
    what: /the control "edge".*the negative prompt.*are left out/,
    changes: { negativePrompt: 'blur' },
  },
  { family: 'predict2.5', what: /fps cannot be written/, changes: { parameters: { ...usual, fps: 30 } } },
  { family: 'transfer2.5', what: /JSON for Cosmos 3/, changes: { prompt: sampleCosmos3Prompt() } },
  {
    family: 'cosmos3',
    what: /says 30 frames per second, but fps is 24/,
    changes: { prompt: sampleCosmos3Prompt(30) },
  },
  { family: 'cosmos3', what: /400 words/, changes: { prompt: 'word '.repeat(400) } },
] as const)('says of a sample for $family: $what', ({ family, what, changes }) => {
  expect(familyNamed(family).warnings(sample(changes)).join('; ')).toMatch(what);
});

it('Cosmos 3 takes a prompt in its own JSON as it is, without a word', () => {
  const own = sample({ prompt: sampleCosmos3Prompt(24, 'word '.repeat(400)) });
  const cosmos3 = familyNamed('cosmos3');
  expect(cosmos3.warnings(own)).toEqual([]);
  const [group] = groupSamples(cosmos3, [own]);
  expect(JSON.parse(group?.files[0]?.text ?? '').prompt).toBe(own.prompt);
});

it('keeps samples apart that a batch of Transfer1 cannot hold together', () => {
  const others = [
    sample({ negativePrompt: 'blur' }),
    sample({ parameters: { ...usual, seed: 2 } }),
    sample({ controls: [{ kind: 'vis', path: null, weight: 0.25 }] }),
    // Weights are each line's own.
    sample({ controls: [{ kind: 'edge', path: null, weight: 0.5 }] }),
  ];
  expect(
    groupSamples(familyNamed('transfer1'), [sample(), ...others]).map((group) => group.samples.length),
  ).toEqual([2, 1, 1, 1]);
});
