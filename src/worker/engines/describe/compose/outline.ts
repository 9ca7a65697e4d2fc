import type { Facts } from '../facts.ts';
import type { Choose } from './chooser.ts';
import { colourSentence } from './colour-sentences.ts';
import { directionSentences } from './direction-phrases.ts';
import { isLightTellable, lightSentence, textureSentence, toneSentence } from './light-sentences.ts';
import { moodSentence, motionSentence } from './motion-sentences.ts';
import type { PromptClaims } from './prompt-claims.ts';
import {
  compositionSentence,
  lineSentence,
  mapSentences,
  massSentence,
  plainSentences,
  roomSentence,
} from './structure-sentences.ts';
import { fill } from './template.ts';

/** A sentence of a paragraph. Ranks of a paragraph differ; the higher one is, the sooner it is left out. */
export interface Sentence {
  readonly text: string;
  readonly rank: number;
}

/** What a paragraph may be made of. */
export interface Outline {
  readonly sentences: readonly Sentence[];
  /** Direction for paragraphs that are too short without it. */
  readonly fillers: readonly Sentence[];
}

/** Everything that can be said about a clip under a prompt; null facts (no clip) give direction only. */
export function outline(facts: Facts | null, claims: PromptClaims, choose: Choose): Outline {
  if (!facts) return { sentences: outlineDirection(claims, choose), fillers: [] };
  switch (facts.surface) {
    case 'plain':
      return outlinePlain(facts, claims, choose);
    case 'footage':
    case 'masses':
      return outlineScene(facts, claims, choose);
    case 'empty':
      return outlineEmpty(choose);
    default:
      return outlineMap(facts, claims, choose);
  }
}

function outlineScene(facts: Facts, claims: PromptClaims, choose: Choose): Outline {
  const isLightTold = isLightTellable(facts, claims);
  const isBlurred = facts.surface === 'masses';
  return {
    sentences: present([
      [isLightTold ? lightSentence(facts, choose) : null, 0],
      [colourSentence(facts, claims, choose), 1],
      // Blur has no texture and no edges of its own.
      [isBlurred ? massSentence(choose) : textureSentence(facts, choose), 4],
      [isLightTold ? toneSentence(facts, choose) : null, 5],
      [isBlurred ? null : compositionSentence(facts, choose), 3],
      [facts.motion && motionSentence(facts.motion, claims, choose), 2],
      [moodSentence(facts, isLightTold, choose), 6],
    ]),
    fillers: direct(['fidelity', 'framing', 'detail'], choose),
  };
}

/** A map's grays and colors are codes: its structure is described, and its light and color are not. */
function outlineMap(facts: Facts, claims: PromptClaims, choose: Choose): Outline {
  const [first, second] = mapSentences(facts, choose);
  return {
    sentences: present([
      [first, 0],
      [second, 1],
      [facts.surface === 'regions' ? compositionSentence(facts, choose) : lineSentence(facts, choose), 4],
      [facts.motion && motionSentence(facts.motion, claims, choose), 2],
      [fill(directionSentences.fidelity, {}, choose), 3],
    ]),
    fillers: direct(['volume', 'detail', 'framing'], choose),
  };
}

function outlinePlain(facts: Facts, claims: PromptClaims, choose: Choose): Outline {
  const isLightTold = isLightTellable(facts, claims);
  // Nothing but a tone was measured; where the prompt denies that tone, nothing is left to tell.
  if (facts.isLightSteady && !isLightTold) return outlineEmpty(choose);
  const [field, texture] = plainSentences(facts, choose);
  return {
    sentences: present([
      [field, 0],
      [texture, 1],
      [isLightTold ? lightSentence({ ...facts, lightPlace: { kind: 'even' } }, choose) : null, 3],
      [facts.motion && motionSentence(facts.motion, claims, choose), 2],
      [roomSentence(choose), 4],
      [moodSentence(facts, isLightTold, choose), 5],
    ]),
    fillers: direct(['framing', 'detail', 'fidelity'], choose),
  };
}

/** Nothing was seen, and nothing is known of the scene's light: neither light nor motion is spoken of. */
function outlineEmpty(choose: Choose): Outline {
  const names = ['fidelity', 'framing', 'detail', 'volume', 'colour', 'mood'] as const;
  return { sentences: direct(names, choose), fillers: [] };
}

function outlineDirection(claims: PromptClaims, choose: Choose): Sentence[] {
  const { framing, camera, light, colour, pace, detail, mood } = directionSentences;
  const say = (templates: readonly string[]) => fill(templates, {}, choose);
  return present([
    [claims.isAboutCamera ? null : say(camera), 0],
    [say(framing), 3],
    [say(light), 1],
    [say(colour), 4],
    [say(detail), 5],
    [say(pace), 2],
    [say(mood), 6],
  ]);
}

/** Direction sentences by name, the first the most important. */
function direct(names: ReadonlyArray<keyof typeof directionSentences>, choose: Choose): Sentence[] {
  return names.map((name, index) => ({ text: fill(directionSentences[name], {}, choose), rank: 10 + index }));
}

/** Those that there are. */
function present(ranked: ReadonlyArray<readonly [text: string | null, rank: number]>): Sentence[] {
  return ranked.flatMap(([text, rank]) => (text === null ? [] : [{ text, rank }]));
}
