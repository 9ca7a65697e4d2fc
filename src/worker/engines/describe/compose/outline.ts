import type { Facts } from '../facts.ts';
import type { Choose } from './chooser.ts';
import { directionSentences } from './direction-phrases.ts';
import {
  colourSentence,
  lightSentence,
  moodSentence,
  motionSentence,
  textureSentence,
  toneSentence,
} from './observation-sentences.ts';
import {
  compositionSentence,
  lineSentence,
  roomSentence,
  structureSentences,
} from './structure-sentences.ts';
import { fill } from './template.ts';

/** A sentence of a paragraph. Ranks of a paragraph differ; the higher one is, the sooner it is left out. */
export interface Sentence {
  readonly text: string;
  readonly rank: number;
}

/** Everything that can be said about a clip; null facts (no clip) give direction only. */
export function outline(facts: Facts | null, choose: Choose): readonly Sentence[] {
  if (!facts) return outlineDirection(choose);
  if (facts.surface === 'blank') return outlineBlank(facts, choose);
  return facts.surface === 'footage' ? outlineFootage(facts, choose) : outlineControl(facts, choose);
}

function outlineFootage(facts: Facts, choose: Choose): Sentence[] {
  return [
    { text: lightSentence(facts, choose), rank: 0 },
    { text: colourSentence(facts, choose), rank: 1 },
    { text: textureSentence(facts, choose), rank: 4 },
    { text: toneSentence(facts, choose), rank: 6 },
    { text: compositionSentence(facts, choose), rank: 3 },
    ...outlineMotion(facts, choose),
    { text: moodSentence(facts, choose), rank: 5 },
  ];
}

/** A control video's grays and colors are codes: its structure is described, and its light and color are not. */
function outlineControl(facts: Facts, choose: Choose): Sentence[] {
  const [first, second] = structureSentences(facts, choose) ?? ['', ''];
  return [
    { text: first, rank: 0 },
    { text: second, rank: 1 },
    {
      text: facts.surface === 'regions' ? compositionSentence(facts, choose) : lineSentence(facts, choose),
      rank: 4,
    },
    ...outlineMotion(facts, choose),
    { text: fill(directionSentences.fidelity, {}, choose), rank: 3 },
    { text: fill(directionSentences.volume, {}, choose), rank: 5 },
  ];
}

function outlineBlank(facts: Facts, choose: Choose): Sentence[] {
  const [first, second] = structureSentences(facts, choose) ?? ['', ''];
  return [
    { text: first, rank: 0 },
    { text: second, rank: 1 },
    { text: lightSentence({ ...facts, lightPlace: { kind: 'even' } }, choose), rank: 3 },
    ...outlineMotion(facts, choose),
    { text: roomSentence(choose), rank: 4 },
    { text: moodSentence(facts, choose), rank: 5 },
  ];
}

function outlineDirection(choose: Choose): Sentence[] {
  const { framing, camera, light, colour, pace, detail, mood } = directionSentences;
  const ranked = [
    [camera, 0],
    [framing, 3],
    [light, 1],
    [colour, 4],
    [detail, 5],
    [pace, 2],
    [mood, 6],
  ] as const;
  return ranked.map(([templates, rank]) => ({ text: fill(templates, {}, choose), rank }));
}

function outlineMotion({ motion }: Facts, choose: Choose): Sentence[] {
  return motion ? [{ text: motionSentence(motion, choose), rank: 2 }] : [];
}
