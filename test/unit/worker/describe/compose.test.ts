import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createChooser } from '../../../../src/worker/engines/describe/compose/chooser.ts';
import { composeText } from '../../../../src/worker/engines/describe/compose/compose.ts';
import { countWords } from '../../../../src/worker/engines/describe/compose/user-words.ts';
import type { Facts } from '../../../../src/worker/engines/describe/facts.ts';
import type { ColourPlace } from '../../../../src/worker/engines/describe/judge-colour.ts';
import { grammarFaults, sentencesOf } from './grammar.ts';

const share = fc.double({ min: 0, max: 1, noNaN: true });
const zone = fc.integer({ min: 0, max: 8 });
const place = fc.constantFrom<ColourPlace[]>('left', 'right', 'top', 'bottom', 'center', 'all');
const colourFact = (...names: string[]) =>
  fc.record({
    name: fc.constantFrom(...names),
    share,
    place,
  });
const facts: fc.Arbitrary<Facts> = fc.record({
  surface: fc.constantFrom('footage', 'plain', 'masses', 'depth', 'edges', 'regions', 'empty'),
  lightLevel: fc.constantFrom('black', 'low', 'balanced', 'bright', 'white'),
  lightPlace: fc.oneof(
    fc.constant({ kind: 'even' as const }),
    fc.record({
      kind: fc.constant('side' as const),
      side: fc.constantFrom('left' as const, 'right' as const, 'top' as const, 'bottom' as const),
    }),
    fc.record({ kind: fc.constant('zone' as const), zone }),
  ),
  contrast: fc.constantFrom('flat', 'soft', 'clear', 'strong'),
  shadowShare: share,
  highlightShare: share,
  colour: fc.record({
    colours: fc.oneof(
      fc.tuple(colourFact('orange', 'off-white', 'deep blue')),
      fc.tuple(colourFact('orange'), colourFact('black', 'pale yellow')),
      fc.tuple(colourFact('azure'), colourFact('olive', 'tan'), colourFact('midnight blue', 'indigo')),
    ),
    saturation: fc.constantFrom('neutral', 'muted', 'rich', 'vivid'),
    temperature: fc.constantFrom('warm', 'cool', 'even'),
  }),
  detail: fc.constantFrom('smooth', 'sparse', 'rich', 'dense'),
  hasEdges: fc.boolean(),
  focusZone: fc.option(zone),
  lines: fc.constantFrom('none', 'horizon', 'bands', 'upright', 'uprights', 'grid', 'mirror'),
  horizonHeight: fc.option(share),
  areas: fc.record({
    count: fc.oneof(fc.integer({ min: 2, max: 30 }), fc.constant(Number.POSITIVE_INFINITY)),
    largestShare: share,
    place,
    isSharp: fc.boolean(),
  }),
  glow: fc.option(fc.record({ name: fc.constantFrom('gold', 'white', 'sky blue'), zone: fc.option(zone) })),
  isLightSteady: fc.boolean(),
  tones: fc.tuple(fc.constantFrom('white', 'deep blue'), fc.constantFrom('white', 'black', 'off-white')),
  motion: fc.option(
    fc.oneof(
      fc.record({
        kind: fc.constantFrom('still' as const, 'scattered' as const),
      }),
      fc.record({ kind: fc.constantFrom('brighter' as const, 'darker' as const), isStrong: fc.boolean() }),
      fc.record({ kind: fc.constant('local' as const), zone, isStrong: fc.boolean() }),
      fc.record({ kind: fc.constant('broad' as const), isStrong: fc.boolean() }),
      fc.record({
        kind: fc.constant('travel' as const),
        towards: fc.constantFrom('left' as const, 'right' as const, 'up' as const, 'down' as const),
        isStrong: fc.boolean(),
      }),
    ),
  ),
});
/** Words of prompts that measured ones must not deny. */
const claimingWords = ['sunny', 'night', 'tripod', 'running', 'motionless', 'monochrome', 'colourful'];
const seed = fc.uint8Array({ minLength: 16, maxLength: 16 });
const prompt = (least: number, most: number) =>
  fc
    .tuple(fc.integer({ min: least, max: most }), fc.constantFrom('robot', ...claimingWords))
    .map(([words, last]) => `A ${'robot '.repeat(Math.max(0, words - 2))}${words > 1 ? last : ''}`.trim());
/** The words that were added to a prompt that is a sentence already. */
const measuredPart = (text: string, words: string) => text.slice(words.length).trim();

describe('composed text', () => {
  it.each([
    { rule: 'with frames', known: facts },
    { rule: 'text only', known: fc.constant(null) },
  ])('has 60 to 110 words of clean English for prompts up to 60 words, $rule', ({ known }) => {
    fc.assert(
      fc.property(known, prompt(1, 60), seed, (each, words, bytes) => {
        const text = composeText(`${words}.`, each, createChooser(bytes));
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
      fc.property(fc.option(facts), prompt(61, 400), seed, (each, words, bytes) => {
        const text = composeText(`${words}.`, each, createChooser(bytes));
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
      fc.property(facts, seed, (each, bytes) => {
        const text = composeText(' ', each, createChooser(bytes));
        expect(countWords(text)).toBeGreaterThanOrEqual(60);
        expect(countWords(text)).toBeLessThanOrEqual(110);
        expect(grammarFaults(text)).toEqual([]);
      }),
      { numRuns: 1000, seed: 3 },
    );
  });

  it('says nothing about motion when there is one frame', () => {
    fc.assert(
      fc.property(facts, seed, (each, bytes) => {
        const text = composeText('Kitchen.', { ...each, motion: null }, createChooser(bytes));
        expect(text).not.toMatch(
          /\b(camera|movement|motion|moves|drifts|during the shot|moment to moment)\b/i,
        );
      }),
      { numRuns: 1000, seed: 4 },
    );
  });

  it('says nothing about the color or light of a control video', () => {
    fc.assert(
      fc.property(
        facts,
        fc.constantFrom('depth' as const, 'edges' as const, 'regions' as const, 'empty' as const),
        seed,
        (each, surface, bytes) => {
          // Brightness of a map is a code: motion is never judged as a change of light there.
          fc.pre(each.motion?.kind !== 'brighter' && each.motion?.kind !== 'darker');
          const text = composeText('Kitchen.', { ...each, surface }, createChooser(bytes));
          expect(text).not.toMatch(
            /\b(orange|off-white|azure|palette|monochrome|shadow|highlights|dark|bright)\b/i,
          );
        },
      ),
      { numRuns: 1000, seed: 5 },
    );
  });

  it('claims nothing seen without a video', () => {
    fc.assert(
      fc.property(seed, (bytes) => {
        const sentences = sentencesOf(composeText('Kitchen.', null, createChooser(bytes)));
        expect(sentences.length).toBeGreaterThanOrEqual(5);
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
    const [known] = fc.sample(facts, { numRuns: 1, seed: 8 });
    const texts = new Set<string>();
    for (let clip = 0; clip < clips; clip++) {
      const bytes = createHash('sha256').update(String(clip)).digest();
      texts.add(composeText(`A ${'robot '.repeat(words - 1)}`, known ?? null, createChooser(bytes)));
    }
    expect(clips - texts.size).toBeLessThanOrEqual(mostRepeated);
  });

  it('leaves the camera to a prompt that speaks of it', () => {
    fc.assert(
      fc.property(fc.option(facts), seed, (each, bytes) => {
        const prompt = 'A static tripod view of a clock.';
        expect(measuredPart(composeText(prompt, each, createChooser(bytes)), prompt)).not.toMatch(/camera/i);
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
      .tuple(facts, fc.constantFrom(...levels))
      .map(([each, lightLevel]) => ({ ...each, lightLevel, isLightSteady: true, motion: null }));
    fc.assert(
      fc.property(contrary, seed, (each, bytes) => {
        fc.pre(each.surface !== 'depth');
        const told = measuredPart(composeText(prompt, each, createChooser(bytes)), prompt);
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
      motion: { kind: 'travel', towards: 'left', isStrong: false },
      denial: /\b(camera|drifts|flows)\b/i,
    },
  ] as const)('does not deny the motion of: $prompt', ({ prompt, motion, denial }) => {
    fc.assert(
      fc.property(facts, seed, (each, bytes) => {
        const text = composeText(prompt, { ...each, motion }, createChooser(bytes));
        expect(measuredPart(text, prompt)).not.toMatch(denial);
      }),
      { numRuns: 500, seed: 15 },
    );
  });

  it('tells of small lights in the dark', () => {
    const dark = fc.tuple(facts, fc.constantFrom('black' as const, 'low' as const)).map(
      ([each, lightLevel]): Facts => ({
        ...{ ...each, lightLevel, isLightSteady: true, surface: 'footage' },
        glow: { name: 'gold', zone: null },
      }),
    );
    fc.assert(
      fc.property(dark, seed, (each, bytes) => {
        expect(composeText('A town.', each, createChooser(bytes))).toMatch(/of gold light\b/);
      }),
      { numRuns: 500, seed: 11 },
    );
  });

  it('speaks of borders, outlines and planes of depth only for maps', () => {
    const scenes = facts.map(
      (each): Facts => ({ ...each, surface: each.surface === 'masses' ? 'masses' : 'footage' }),
    );
    fc.assert(
      fc.property(scenes, seed, (each, bytes) => {
        const text = composeText('A town.', each, createChooser(bytes));
        expect(text).not.toMatch(/\b(bounded|borders|planes of depth|in distance|defined by|drawn by)\b/i);
      }),
      { numRuns: 1000, seed: 12 },
    );
  });

  it.each([
    { prompt: 'The harbour at noon.', wrong: /\b(color|gray|center)/i },
    { prompt: 'The harbor at noon.', wrong: /\b(colour|grey|centre)/i },
  ])('spells as the prompt does: $prompt', ({ prompt, wrong }) => {
    fc.assert(
      fc.property(fc.option(facts), seed, (each, bytes) => {
        expect(composeText(prompt, each, createChooser(bytes))).not.toMatch(wrong);
      }),
      { numRuns: 1000, seed: 13 },
    );
  });

  it('"stays" and "remains" are rare', () => {
    fc.assert(
      fc.property(facts, seed, (each, bytes) => {
        const text = composeText('A town.', each, createChooser(bytes));
        expect(text.match(/\b(stays?|remains?)\b/g)?.length ?? 0).toBeLessThanOrEqual(1);
      }),
      { numRuns: 1000, seed: 14 },
    );
  });

  it("does not read the user's words as a template", () => {
    const text = composeText('[a|b] <zone> $& $1 {c}', null, createChooser(new Uint8Array(16)));
    expect(text.startsWith('[a|b] <zone> $& $1 {c}. ')).toBe(true);
  });
});
