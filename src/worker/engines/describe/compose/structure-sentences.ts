import type { Facts } from '../facts.ts';
import type { Choose } from './chooser.ts';
import { capitalize, countWord, partAt, zoneWords } from './slot-words.ts';
import * as phrases from './structure-phrases.ts';
import { fill, type Slots } from './template.ts';

/** Where the visual weight lies and which large lines there are. */
export function compositionSentence(facts: Facts, choose: Choose): string {
  const slots = structureSlots(facts);
  const clause = fill(phrases.focusClauses[focusOf(facts)], slots, choose);
  return `${clause}${fill(phrases.lineTails[facts.lines], slots, choose)}.`;
}

/** The large lines alone. */
export function lineSentence(facts: Facts, choose: Choose): string {
  return fill(phrases.lineSentences[facts.lines], structureSlots(facts), choose);
}

/** What a map shows, in two sentences about the scene's structure. */
export function mapSentences(facts: Facts, choose: Choose): readonly [string, string] {
  const slots = structureSlots(facts);
  const say = (templates: readonly string[]) => fill(templates, slots, choose);
  switch (facts.surface) {
    case 'depth': {
      if (!facts.hasEdges) {
        return [say(phrases.depthSlopeSentences), say(phrases.depthBreakSentences.smooth)];
      }
      return [say(phrases.depthSentences), say(phrases.depthBreakSentences[focusOf(facts)])];
    }
    case 'regions': {
      if (!facts.areas.isSharp) {
        return [say(phrases.softRegionSentences), say(phrases.largestSoftRegionSentences)];
      }
      return [say(phrases.regionSentences), say(phrases.largestRegionSentences)];
    }
    default:
      return [say(phrases.edgeSentences), say(phrases.edgeDensitySentences[focusOf(facts)])];
  }
}

/** What frames of one tone show, in two sentences. */
export function plainSentences(facts: Facts, choose: Choose): readonly [string, string] {
  const [first, last] = facts.tones;
  const slots = { first, last, C1: capitalize(first) };
  const templates = first === last ? phrases.blankSentences : phrases.blankChangeSentences;
  return [fill(templates, slots, choose), fill(phrases.blankTextureSentences, {}, choose)];
}

/** What blurred footage shows. */
export function massSentence(choose: Choose): string {
  return fill(phrases.massSentences, {}, choose);
}

/** That an empty frame leaves room. */
export function roomSentence(choose: Choose): string {
  return fill(phrases.blankRoomSentences, {}, choose);
}

function focusOf(facts: Facts): 'zone' | 'spread' {
  return facts.focusZone === null ? 'spread' : 'zone';
}

function structureSlots(facts: Facts): Slots {
  return {
    zone: zoneWords[facts.focusZone ?? 4] ?? 'in the center',
    height: heightWords(facts.horizonHeight ?? 0.5),
    areas: countWord(facts.areas.count),
    Areas: capitalize(countWord(facts.areas.count)),
    areaPart: partAt(facts.areas.largestShare, facts.areas.place),
  };
}

function heightWords(height: number): string {
  if (height < 0.42) return 'above the middle';
  return height > 0.58 ? 'below the middle' : 'near the middle';
}
