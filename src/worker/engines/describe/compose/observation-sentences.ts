import type { Facts, LightPlace } from '../facts.ts';
import type { ColourFacts } from '../judge-colour.ts';
import type { MotionFacts } from '../judge-motion.ts';
import type { Choose } from './chooser.ts';
import * as colourPhrases from './colour-phrases.ts';
import * as lightPhrases from './light-phrases.ts';
import { type Energy, type Key, moodSentences, moodWords, motionSentences } from './motion-phrases.ts';
import { capitalize, colourAt, joinList, placeWords, shareWords, zoneWords } from './slot-words.ts';
import { fill, type Slots } from './template.ts';

/** How bright it is, and where. */
export function lightSentence(facts: Facts, choose: Choose): string {
  const clause = fill(lightPhrases.levelClauses[facts.lightLevel], {}, choose);
  return `${clause}${fill(lightPhrases.placeTails[facts.lightPlace.kind], placeSlots(facts.lightPlace), choose)}.`;
}

/** Which colors there are, how much of them, and where. */
export function colourSentence({ colour }: Facts, choose: Choose): string {
  const [first, ...accents] = colour.colours;
  const slots = { ...colourSlots(colour), tone: toneWord(colour, choose) };
  if (accents.length === 0) return fill(colourPhrases.singleColourSentences, slots, choose);
  const isScattered = first.share < 0.2;
  return fill(
    isScattered ? colourPhrases.scatteredColourSentences : colourPhrases.severalColourSentences,
    slots,
    choose,
  );
}

/** What the color sentences, and those about areas, may speak of. */
export function colourSlots({ colours }: ColourFacts): Slots {
  const [first, ...accents] = colours;
  const part1 = `${shareWords(first.share)} the frame`;
  const place = placeWords[first.place];
  return {
    c1: first.name,
    C1: capitalize(first.name),
    part1,
    part1At: place === '' ? part1 : `${part1}, mainly ${place}`,
    accents: joinList(accents.map(colourAt)),
    list: joinList(colours.map((each) => each.name)),
  };
}

/** Contrast and detail. */
export function textureSentence(facts: Facts, choose: Choose): string {
  const contrast = fill(lightPhrases.contrastClauses[facts.contrast], {}, choose);
  return contrast + fill(lightPhrases.detailClauses[facts.detail], {}, choose);
}

/** How shadows and highlights share the frame. */
export function toneSentence({ shadowShare, highlightShare }: Facts, choose: Choose): string {
  if (shadowShare < 0.02 && highlightShare < 0.02) return fill(lightPhrases.midtoneSentences, {}, choose);
  const isEqual = shareWords(shadowShare) === shareWords(highlightShare);
  const slots = {
    shadowPart: `${shareWords(shadowShare)} the frame`,
    highlightPart: `${shareWords(highlightShare)} it`,
  };
  return fill(isEqual ? lightPhrases.equalToneSentences : lightPhrases.toneSentences, slots, choose);
}

/** What moves, and how. */
export function motionSentence(motion: MotionFacts, choose: Choose): string {
  switch (motion.kind) {
    case 'local': {
      const slots = { zone: zoneWords[motion.zone] ?? 'in the center' };
      return fill(motion.isStrong ? motionSentences.localStrong : motionSentences.localGentle, slots, choose);
    }
    case 'broad':
      return fill(motion.isStrong ? motionSentences.broadStrong : motionSentences.broadGentle, {}, choose);
    case 'travel': {
      const slots = { direction: directionWords[motion.towards] };
      return fill(
        motion.isStrong ? motionSentences.travelStrong : motionSentences.travelGentle,
        slots,
        choose,
      );
    }
    default:
      return fill(motionSentences[motion.kind], {}, choose);
  }
}

/** The atmosphere that light and motion suggest. */
export function moodSentence(facts: Facts, choose: Choose): string {
  const mood = fill(moodWords[keyOf(facts.lightLevel)][energyOf(facts.motion)], {}, choose);
  return fill(moodSentences, { mood }, choose);
}

const opposites = { left: 'right', right: 'left', top: 'bottom', bottom: 'top' } as const;
const directionWords = {
  left: 'to the left',
  right: 'to the right',
  up: 'upward',
  down: 'downward',
} as const;

function placeSlots(place: LightPlace): Slots {
  if (place.kind === 'side') return { side: place.side, opposite: opposites[place.side] };
  return place.kind === 'zone' ? { zone: zoneWords[place.zone] ?? 'in the center' } : {};
}

function toneWord({ saturation, temperature }: ColourFacts, choose: Choose): string {
  if (saturation === 'neutral') return fill(colourPhrases.neutralToneWords, {}, choose);
  return fill(colourPhrases.toneWords[saturation][temperature], {}, choose);
}

function keyOf(level: Facts['lightLevel']): Key {
  if (level === 'black' || level === 'low') return 'dark';
  return level === 'balanced' ? 'middle' : 'light';
}

function energyOf(motion: MotionFacts | null): Energy {
  if (!motion) return 'unknown';
  return 'isStrong' in motion && motion.isStrong ? 'active' : 'calm';
}
