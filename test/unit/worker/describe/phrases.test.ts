import { describe, expect, it } from 'vitest';
import * as colour from '../../../../src/worker/engines/describe/compose/colour-phrases.ts';
import { directionSentences } from '../../../../src/worker/engines/describe/compose/direction-phrases.ts';
import * as light from '../../../../src/worker/engines/describe/compose/light-phrases.ts';
import * as mood from '../../../../src/worker/engines/describe/compose/mood-phrases.ts';
import * as motion from '../../../../src/worker/engines/describe/compose/motion-phrases.ts';
import {
  capitalize,
  joinList,
  joinPlaced,
  partAt,
  shareWords,
} from '../../../../src/worker/engines/describe/compose/slot-words.ts';
import * as structure from '../../../../src/worker/engines/describe/compose/structure-phrases.ts';
import { expandAll } from '../../../../src/worker/engines/describe/compose/template.ts';
import { grammarFaults } from './grammar.ts';

const slots = {
  zone: 'in the upper left',
  side: 'left',
  opposite: 'right',
  height: 'above the middle',
  direction: 'upward',
  c1: 'orange',
  C1: 'Orange',
  part1: 'about half of the frame',
  part1At: 'about half of the frame, mainly on the left',
  accents: 'amber on the right and white',
  list: 'orange, amber and white',
  tone: 'muted and warm',
  toneAdjectives: 'muted, warm',
  contrast: 'soft contrast',
  Contrast: 'Soft contrast',
  detail: 'fine texture',
  glow: 'gold',
  flow: 'to the left',
  first: 'white',
  last: 'black',
  areaPart: 'about half of the frame, mainly on the left',
  highlightPart1: 'about half of the frame',
  mood: 'calm and clear',
  shadowPart: 'about a third of the frame',
  highlightPart: 'a small part of it',
  areas: 'eight',
  Areas: 'Eight',
};

/** Everything in a table, however deep. */
function leaves(table: unknown): string[] {
  if (typeof table === 'string') return [table];
  return typeof table === 'object' && table !== null ? Object.values(table).flatMap(leaves) : [];
}

const expand = (table: unknown) => leaves(table).flatMap((template) => expandAll(template, slots));
/** Every pair of a first and a second half. */
const cross = (firsts: readonly string[], seconds: readonly string[]) =>
  firsts.flatMap((first) => seconds.map((second) => first + second));

const contrasts = expand(light.contrastWords);
/** Every contrast with every detail in every frame for them. */
const texture = expand(light.detailWords).flatMap((detail) =>
  contrasts.flatMap((contrast) =>
    light.textureSentences.flatMap((template) =>
      expandAll(template, { detail, contrast, Contrast: capitalize(contrast) }),
    ),
  ),
);

/** The first few that are wrong, and why. */
const faulty = (sentences: readonly string[]) =>
  sentences.flatMap((text) => grammarFaults(text).map((rule) => `${rule}: ${text}`)).slice(0, 10);

describe('every sentence that can ever be written', () => {
  it.each([
    [
      'colors',
      expand([
        colour.singleColourSentences,
        colour.severalColourSentences,
        colour.scatteredColourSentences,
        colour.listColourSentences,
      ]),
    ],
    ['tones', expand(light.toneSentences)],
    ['texture', texture],
    ['motion', expand([motion.motionSentences, motion.motionInFrameSentences])],
    ['mood', expand(mood.moodSentences)],
    ['direction', expand(directionSentences)],
    ['lines', expand(structure.lineSentences)],
    [
      'depth',
      expand([structure.depthSentences, structure.depthSlopeSentences, structure.depthBreakSentences]),
    ],
    ['edges', expand([structure.edgeSentences, structure.edgeDensitySentences])],
    ['regions', expand([structure.regionSentences, structure.largestRegionSentences])],
    ['soft regions', expand([structure.softRegionSentences, structure.largestSoftRegionSentences])],
    ['masses', expand(structure.massSentences)],
    [
      'blank',
      expand([
        structure.blankSentences,
        structure.blankChangeSentences,
        structure.blankTextureSentences,
        structure.blankRoomSentences,
      ]),
    ],
  ])('%s', (_, sentences) => {
    expect(sentences.length).toBeGreaterThan(20);
    expect(faulty(sentences)).toEqual([]);
    // Two ways to the same sentence would make the choice between them a choice of nothing.
    expect(new Set(sentences).size).toBe(sentences.length);
  });

  it.each([
    ['light', expand(light.levelClauses), expand(light.placeTails)],
    ['composition', expand(structure.focusClauses), expand(structure.lineTails)],
  ])('%s: every clause with every tail', (_, clauses, tails) => {
    expect(faulty(clauses.map((clause) => `${clause}.`))).toEqual([]);
    expect(faulty(tails.map((tail) => `It is so${tail}.`))).toEqual([]);
    const joined = cross(
      clauses,
      tails.map((tail) => `${tail}.`),
    );
    expect(joined.filter((sentence) => /(\b\w+) \1\b|,,|\.\.| {2}/.test(sentence))).toEqual([]);
  });

  it.each([
    ['palette', expand([colour.toneWords, colour.neutralToneWords])],
    ['mood', expand(mood.moodWords)],
  ])('%s words join two different adjectives', (_, words) => {
    for (const each of words) {
      expect(each).toMatch(/^[a-z]+( [a-z]+)? and [a-z]+( [a-z]+)?$/);
      const [one, other] = each.split(' and ');
      expect(one).not.toBe(other);
    }
  });
});

describe('slot words', () => {
  it.each([
    [1, 'nearly all of'],
    [0.7, 'most of'],
    [0.5, 'about half of'],
    [0.33, 'about a third of'],
    [0.25, 'about a quarter of'],
    [0.05, 'a small part of'],
  ])('a share of %d is %s', (share, words) => expect(shareWords(share)).toBe(words));

  it.each([
    {
      rule: 'each place once',
      items: [
        ['amber', 'left'],
        ['orange', 'left'],
      ] as const,
      words: 'amber and orange on the left',
    },
    {
      rule: 'names without a place last',
      items: [
        ['amber', 'all'],
        ['orange', 'left'],
      ] as const,
      words: 'orange on the left and amber',
    },
    {
      rule: 'two places',
      items: [
        ['amber', 'right'],
        ['orange', 'center'],
      ] as const,
      words: 'amber on the right and orange in the center',
    },
  ])('colors are listed with $rule', ({ items, words }) => {
    expect(joinPlaced(items.map(([name, place]) => ({ name, place })))).toBe(words);
  });

  it('a part has its place only if it has one', () => {
    expect(partAt(0.5, 'all')).toBe('about half of the frame');
    expect(partAt(0.5, 'top')).toBe('about half of the frame, mainly in the upper part');
  });

  it.each([
    [['a'], 'a'],
    [['a', 'b'], 'a and b'],
    [['a', 'b', 'c'], 'a, b and c'],
  ])('%j is listed as %s', (words, expected) => expect(joinList(words)).toBe(expected));
});
