import { describe, expect, it } from 'vitest';
import * as colour from '../../../../src/worker/engines/describe/compose/colour-phrases.ts';
import { directionSentences } from '../../../../src/worker/engines/describe/compose/direction-phrases.ts';
import * as light from '../../../../src/worker/engines/describe/compose/light-phrases.ts';
import * as motion from '../../../../src/worker/engines/describe/compose/motion-phrases.ts';
import { joinList, shareWords } from '../../../../src/worker/engines/describe/compose/slot-words.ts';
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

/** The first few that are wrong, and why. */
const faulty = (sentences: readonly string[]) =>
  sentences.flatMap((text) => grammarFaults(text).map((rule) => `${rule}: ${text}`)).slice(0, 10);

describe('every sentence that can ever be written', () => {
  it.each([
    [
      'colors',
      expand([colour.singleColourSentences, colour.severalColourSentences, colour.scatteredColourSentences]),
    ],
    ['tones', expand([light.toneSentences, light.equalToneSentences, light.midtoneSentences])],
    ['texture', cross(expand(light.contrastClauses), expand(light.detailClauses))],
    ['motion', expand(motion.motionSentences)],
    ['mood', expand(motion.moodSentences)],
    ['direction', expand(directionSentences)],
    ['lines', expand(structure.lineSentences)],
    [
      'depth',
      expand([structure.depthSentences, structure.depthSlopeSentences, structure.depthBreakSentences]),
    ],
    ['edges', expand([structure.edgeSentences, structure.edgeDensitySentences])],
    ['regions', expand([structure.regionSentences, structure.largestRegionSentences])],
    [
      'blank',
      expand([structure.blankSentences, structure.blankTextureSentences, structure.blankRoomSentences]),
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
    ['mood', expand(motion.moodWords)],
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
    [0, 'almost none of'],
  ])('a share of %d is %s', (share, words) => expect(shareWords(share)).toBe(words));

  it.each([
    [['a'], 'a'],
    [['a', 'b'], 'a and b'],
    [['a', 'b', 'c'], 'a, b and c'],
  ])('%j is listed as %s', (words, expected) => expect(joinList(words)).toBe(expected));
});
