import type { Facts, LightPlace } from '../facts.ts';
import type { Choose } from './chooser.ts';
import * as phrases from './light-phrases.ts';
import type { PromptClaims } from './prompt-claims.ts';
import { capitalize, shareWords, zoneWords } from './slot-words.ts';
import { fill, type Slots } from './template.ts';

/** Whether the measured light may be put in words: it is the same throughout, and the prompt does not say otherwise. */
export function isLightTellable({ lightLevel, isLightSteady }: Facts, { light }: PromptClaims): boolean {
  const isDark = lightLevel === 'black' || lightLevel === 'low';
  const isBright = lightLevel === 'bright' || lightLevel === 'white';
  return isLightSteady && !(isDark && light === 'bright') && !(isBright && light === 'dark');
}

/** How bright it is, and where; small lights in the dark say more than a slope of it. */
export function lightSentence(facts: Facts, choose: Choose): string {
  const clause = fill(phrases.levelClauses[facts.lightLevel], {}, choose);
  return `${clause}${tailOf(facts, choose)}.`;
}

/** How shadows and highlights share the frame; null when the light sentence has said it all. */
export function toneSentence({ lightLevel, glow, ...shares }: Facts, choose: Choose): string | null {
  if (lightLevel === 'black' || lightLevel === 'white' || glow) return null;
  const { shadowShare, highlightShare } = shares;
  const slots = {
    shadowPart: `${shareWords(shadowShare)} the frame`,
    highlightPart: `${shareWords(highlightShare)} it`,
    highlightPart1: `${shareWords(highlightShare)} the frame`,
  };
  return fill(phrases.toneSentences[balanceOf(shadowShare, highlightShare)], slots, choose);
}

/** Contrast and detail; null where small lights make a contrast that no share of the frame shows. */
export function textureSentence(facts: Facts, choose: Choose): string | null {
  if (facts.glow) return null;
  const contrast = fill(phrases.contrastWords[facts.contrast], {}, choose);
  const detail = fill(phrases.detailWords[facts.detail], {}, choose);
  return fill(phrases.textureSentences, { contrast, Contrast: capitalize(contrast), detail }, choose);
}

function tailOf({ glow, lightPlace }: Facts, choose: Choose): string {
  if (!glow) return fill(phrases.placeTails[lightPlace.kind], placeSlots(lightPlace), choose);
  const slots = { glow: glow.name, zone: zoneWords[glow.zone ?? 4] ?? 'in the center' };
  return fill(glow.zone === null ? phrases.placeTails.glow : phrases.placeTails.glowSpot, slots, choose);
}

/** A part below this is not worth a word. */
const smallestPart = 0.02;

function balanceOf(shadowShare: number, highlightShare: number): keyof typeof phrases.toneSentences {
  const hasShadows = shadowShare >= smallestPart;
  const hasHighlights = highlightShare >= smallestPart;
  if (hasShadows && hasHighlights) {
    return shareWords(shadowShare) === shareWords(highlightShare) ? 'equal' : 'both';
  }
  if (hasShadows) return 'shadows';
  return hasHighlights ? 'highlights' : 'midtones';
}

function placeSlots(place: LightPlace): Slots {
  if (place.kind === 'side') return { side: place.side, opposite: opposites[place.side] };
  return place.kind === 'zone' ? { zone: zoneWords[place.zone] ?? 'in the center' } : {};
}

const opposites = { left: 'right', right: 'left', top: 'bottom', bottom: 'top' } as const;
