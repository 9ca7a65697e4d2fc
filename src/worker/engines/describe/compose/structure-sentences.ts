import type { Facts } from '../facts.ts';
import type { Choose } from './chooser.ts';
import { colourSlots } from './observation-sentences.ts';
import { capitalize, countWord, zoneWords } from './slot-words.ts';
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

/** What a control video shows, in two sentences about the scene's structure; empty for footage. */
export function structureSentences(facts: Facts, choose: Choose): readonly [string, string] | null {
  const slots = structureSlots(facts);
  const say = (templates: readonly string[]) => fill(templates, slots, choose);
  switch (facts.surface) {
    case 'depth': {
      if (facts.detail === 'smooth') {
        return [say(phrases.depthSlopeSentences), say(phrases.depthBreakSentences.smooth)];
      }
      return [say(phrases.depthSentences), say(phrases.depthBreakSentences[focusOf(facts)])];
    }
    case 'edges':
      return [say(phrases.edgeSentences), say(phrases.edgeDensitySentences[focusOf(facts)])];
    case 'regions':
      return [say(phrases.regionSentences), say(phrases.largestRegionSentences)];
    case 'blank':
      return [say(phrases.blankSentences), say(phrases.blankTextureSentences)];
    case 'footage':
      return null;
  }
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
    ...colourSlots(facts.colour),
    zone: zoneWords[facts.focusZone ?? 4] ?? 'in the center',
    height: heightWords(facts.horizonHeight ?? 0.5),
    areas: countWord(facts.areas),
    Areas: capitalize(countWord(facts.areas)),
  };
}

function heightWords(height: number): string {
  if (height < 0.42) return 'above the middle';
  return height > 0.58 ? 'below the middle' : 'near the middle';
}
