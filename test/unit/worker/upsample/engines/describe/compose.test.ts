import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { composeText } from '../../../../../../src/worker/upsample/engines/describe/describe-engine.ts';
import type { Measures } from '../../../../../../src/worker/upsample/engines/describe/measure.ts';
import type { MeasuredClip } from '../../../../../../src/worker/upsample/engines/describe/sentences.ts';
import { countWords } from '../../../../../../src/worker/upsample/engines/describe/user-words.ts';
import { grammarFaults, sentencesOf } from './grammar.ts';

const kind = fc.constantFrom<Array<MeasuredClip['kind']>>('video', 'vis', 'edge', 'seg', 'depth');
const place = fc.constantFrom('on the left', 'in the upper right', 'in the lower part', 'in the center');
const colour = (...names: string[]) =>
  fc.record({
    name: fc.constantFrom(...names),
    share: fc.double({ min: 0, max: 1, noNaN: true }),
    place: fc.option(place),
  });
const isStrong = fc.boolean();
const measures: fc.Arbitrary<Measures> = fc.record({
  level: fc.constantFrom('black', 'low', 'balanced', 'bright', 'white'),
  isSteady: fc.boolean(),
  spread: fc.constantFrom('even', 'placed', 'varied'),
  brightest: place,
  contrast: fc.constantFrom('flat', 'soft', 'clear', 'strong'),
  palette: fc.record({
    colours: fc.oneof(
      fc.tuple(colour('orange', 'white', 'deep blue')),
      fc.tuple(colour('orange'), colour('black', 'pale blue')),
      fc.tuple(colour('amber'), colour('olive', 'tan'), colour('gray', 'indigo')),
    ),
    count: fc.integer({ min: 1, max: 12 }),
    saturation: fc.constantFrom('neutral', 'muted', 'rich', 'vivid'),
    temperature: fc.constantFrom('warm', 'cool', 'balanced'),
  }),
  detail: fc.constantFrom('smooth', 'sparse', 'rich', 'dense'),
  hasEdges: fc.boolean(),
  focus: fc.option(place),
  tones: fc.option(fc.tuple(fc.constantFrom('white', 'deep blue'), fc.constantFrom('white', 'black')), {
    freq: 2,
  }),
  motion: fc.option(
    fc.oneof(
      fc.constant({ kind: 'still' as const }),
      fc.record({
        kind: fc.constantFrom('broad' as const, 'brighter' as const, 'darker' as const),
        isStrong,
      }),
      fc.record({ kind: fc.constant('local' as const), place, isStrong }),
      fc.record({
        kind: fc.constant('slide' as const),
        to: fc.constantFrom('left' as const, 'right' as const, 'up' as const, 'down' as const),
        isStrong,
      }),
    ),
  ),
});
const clip: fc.Arbitrary<MeasuredClip> = fc.record({ kind, measures });
/** Clips of some measures, of any kind unless told. */
const clipsWith = (known: Partial<Measures>, kinds: fc.Arbitrary<MeasuredClip['kind']> = kind) =>
  fc
    .tuple(kinds, measures)
    .map(([each, measured]): MeasuredClip => ({ kind: each, measures: { ...measured, ...known } }));
const scene = fc.constantFrom('video' as const, 'vis' as const);
const map = fc.constantFrom('edge' as const, 'seg' as const, 'depth' as const);
/** Words of prompts that measured ones must not deny. */
const claimingWords = ['sunny', 'night', 'tripod', 'running', 'motionless', 'monochrome', 'colourful'];
const seed = fc.uint8Array({ minLength: 64, maxLength: 64 });
const prompt = (least: number, most: number) =>
  fc
    .tuple(fc.integer({ min: least, max: most }), fc.constantFrom('robot', ...claimingWords))
    .map(([words, last]) => `A ${'robot '.repeat(Math.max(0, words - 2))}${words > 1 ? last : ''}`.trim());
/** The words that were added to a prompt that is a sentence already. */
const measuredPart = (text: string, words: string) => text.slice(words.length).trim();

describe('composed text', () => {
  it.each([
    { rule: 'with frames', known: clip },
    { rule: 'text only', known: fc.constant(null) },
  ])('has 60 to 110 words of clean English for prompts up to 60 words, $rule', ({ known }) => {
    fc.assert(
      fc.property(known, prompt(1, 60), seed, (each, words, bytes) => {
        const text = composeText(`${words}.`, each, bytes);
        expect(text.startsWith(`${words}.`)).toBe(true);
        expect(countWords(text)).toBeGreaterThanOrEqual(60);
        expect(countWords(text)).toBeLessThanOrEqual(110);
        expect(grammarFaults(measuredPart(text, `${words}.`))).toEqual([]);
      }),
      { numRuns: 4000, seed: 1 },
    );
  });

  it('keeps longer prompts whole and adds 40 to 60 words', () => {
    fc.assert(
      fc.property(fc.option(clip), prompt(61, 400), seed, (each, words, bytes) => {
        const text = composeText(`${words}.`, each, bytes);
        expect(text.startsWith(`${words}.`)).toBe(true);
        const added = countWords(measuredPart(text, `${words}.`));
        expect(added).toBeGreaterThanOrEqual(40);
        expect(added).toBeLessThanOrEqual(60);
      }),
      { numRuns: 4000, seed: 2 },
    );
  });

  it('has 60 to 110 words without any word of the user', () => {
    fc.assert(
      fc.property(clip, seed, (each, bytes) => {
        const text = composeText(' ', each, bytes);
        expect(countWords(text)).toBeGreaterThanOrEqual(60);
        expect(countWords(text)).toBeLessThanOrEqual(110);
        expect(grammarFaults(text)).toEqual([]);
      }),
      { numRuns: 1000, seed: 3 },
    );
  });

  it('says nothing about motion when there is one frame', () => {
    fc.assert(
      fc.property(clipsWith({ motion: null }), seed, (each, bytes) => {
        const text = composeText('Kitchen.', each, bytes);
        expect(text).not.toMatch(
          /\b(camera|movement|motion|moves|drifts|during the shot|moment to moment)\b/i,
        );
      }),
      { numRuns: 1000, seed: 4 },
    );
  });

  it('says nothing about the color or light of a control video', () => {
    fc.assert(
      fc.property(clipsWith({}, map), seed, (each, bytes) => {
        expect(composeText('Kitchen.', each, bytes)).not.toMatch(
          /\b(orange|white|amber|palette|shadow|the light|dark|bright)\b/i,
        );
      }),
      { numRuns: 1000, seed: 5 },
    );
  });

  it('claims nothing seen without a video', () => {
    fc.assert(
      fc.property(seed, (bytes) => {
        const sentences = sentencesOf(composeText('Kitchen.', null, bytes));
        expect(sentences.length).toBeGreaterThanOrEqual(4);
        expect(sentences.join(' ')).not.toMatch(
          /\b(left|right|upper|lower|palette stays|covers|fills|percent)\b/i,
        );
      }),
      { numRuns: 500, seed: 6 },
    );
  });

  it.each([
    { rule: 'a short prompt', words: 5, clips: 20_000, mostRepeated: 0 },
    { rule: 'a long prompt, which leaves room for few sentences', words: 60, clips: 1000, mostRepeated: 1 },
  ])('differs for different clips of the same facts under $rule', ({ words, clips, mostRepeated }) => {
    const [known] = fc.sample(
      clipsWith({ tones: null, hasEdges: true, isSteady: true }, fc.constant('video')),
      {
        numRuns: 1,
        seed: 8,
      },
    );
    const texts = new Set<string>();
    for (let index = 0; index < clips; index++) {
      const bytes = createHash('sha512').update(String(index)).digest();
      texts.add(composeText(`A ${'robot '.repeat(words - 1)}`, known ?? null, bytes));
    }
    expect(clips - texts.size).toBeLessThanOrEqual(mostRepeated);
  });

  it('leaves the camera to a prompt that speaks of it', () => {
    fc.assert(
      fc.property(fc.option(clip), seed, (each, bytes) => {
        const prompt = 'A static tripod view of a clock.';
        expect(measuredPart(composeText(prompt, each, bytes), prompt)).not.toMatch(/camera/i);
      }),
      { numRuns: 1000, seed: 9 },
    );
  });

  it.each([
    {
      prompt: 'A bright sunny beach.',
      levels: ['black', 'low'] as const,
      denial: /\b(dark\w*|dim\w*|shadow\w*|black)\b/i,
    },
    {
      prompt: 'A night street.',
      levels: ['bright', 'white'] as const,
      denial: /\b(bright\w*|high.key|airy|white|pale)\b/i,
    },
  ])('does not deny the light of: $prompt', ({ prompt, levels, denial }) => {
    const contrary = fc
      .tuple(scene, measures, fc.constantFrom(...levels))
      .map(([each, measured, level]): MeasuredClip => {
        return { kind: each, measures: { ...measured, level, isSteady: true, spread: 'even', motion: null } };
      });
    fc.assert(
      fc.property(contrary, seed, (each, bytes) => {
        const told = measuredPart(composeText(prompt, each, bytes), prompt);
        expect(told).not.toMatch(denial);
      }),
      { numRuns: 2000, seed: 10 },
    );
  });

  it.each([
    {
      prompt: 'A runner sprints.',
      motion: { kind: 'still' },
      denial: /\b(hardly anything|almost nothing|very little) (in|within)\b/i,
    },
    {
      prompt: 'A motionless statue.',
      motion: { kind: 'broad', isStrong: true },
      denial: /\b(motion|movement)\b/i,
    },
    {
      prompt: 'A frozen lake, stationary view.',
      motion: { kind: 'slide', to: 'left', isStrong: false },
      denial: /\b(camera|drifts|flows)\b/i,
    },
  ] as const)('does not deny the motion of: $prompt', ({ prompt, motion, denial }) => {
    fc.assert(
      fc.property(clipsWith({ motion }), seed, (each, bytes) => {
        const text = composeText(prompt, each, bytes);
        expect(measuredPart(text, prompt)).not.toMatch(denial);
      }),
      { numRuns: 500, seed: 15 },
    );
  });

  it('speaks of areas, outlines and planes of depth only for maps', () => {
    fc.assert(
      fc.property(clipsWith({}, scene), seed, (each, bytes) => {
        const text = composeText('A town.', each, bytes);
        expect(text).not.toMatch(/\b(bounded|outlined|planes of depth|near to far|quiet areas)\b/i);
      }),
      { numRuns: 1000, seed: 12 },
    );
  });

  it('says nothing of frames that show nothing', () => {
    const empty = clipsWith({ tones: ['black', 'black'] }, map);
    const denied = clipsWith({ tones: ['black', 'black'], level: 'black', isSteady: true }, scene);
    fc.assert(
      fc.property(fc.oneof(empty, denied), seed, (each, bytes) => {
        const sentences = sentencesOf(composeText('A sunny beach.', each, bytes));
        expect(sentences.join(' ')).not.toMatch(/\b(black|dark\w*|camera|motion|movement|areas|outlines)\b/i);
      }),
      { numRuns: 1000, seed: 16 },
    );
  });

  it('a camera goes the other way than the picture', () => {
    const sliding = clipsWith(
      { motion: { kind: 'slide', to: 'left', isStrong: false } },
      fc.constant('video'),
    );
    fc.assert(
      fc.property(sliding, seed, (each, bytes) => {
        expect(composeText('A town.', each, bytes)).toMatch(/The camera .* to the right, /);
        expect(composeText('A drone view.', each, bytes)).toMatch(
          /The \w+ (view|picture) .* to the left in /,
        );
      }),
      { numRuns: 300, seed: 17 },
    );
  });

  it.each([
    { prompt: 'The harbour at noon.', wrong: /\b(color|gray|center)/i },
    { prompt: 'The harbor at noon.', wrong: /\b(colour|grey|centre)/i },
  ])('spells as the prompt does: $prompt', ({ prompt, wrong }) => {
    fc.assert(
      fc.property(fc.option(clip), seed, (each, bytes) => {
        expect(composeText(prompt, each, bytes)).not.toMatch(wrong);
      }),
      { numRuns: 1000, seed: 13 },
    );
  });

  it("does not read the user's words as a template", () => {
    const text = composeText('[a|b] <zone> $& $1 {c}', null, new Uint8Array(64));
    expect(text.startsWith('[a|b] <zone> $& $1 {c}. ')).toBe(true);
  });
});
