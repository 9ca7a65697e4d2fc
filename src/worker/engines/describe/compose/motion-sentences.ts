import type { Facts } from '../facts.ts';
import type { MotionFacts } from '../judge-motion.ts';
import type { Choose } from './chooser.ts';
import { type Energy, type Key, moodSentences, moodWords } from './mood-phrases.ts';
import { motionInFrameSentences, motionSentences } from './motion-phrases.ts';
import type { PromptClaims } from './prompt-claims.ts';
import { zoneWords } from './slot-words.ts';
import { fill } from './template.ts';

/** What moves, and how; null when the prompt says otherwise. Leaves the camera to prompts that speak of it. */
export function motionSentence(motion: MotionFacts, claims: PromptClaims, choose: Choose): string | null {
  const isStrong = 'isStrong' in motion && motion.isStrong;
  if (motion.kind === 'still' && claims.motion === 'moving') return null;
  if ((motion.kind === 'travel' || isStrong) && claims.motion === 'static') return null;
  switch (motion.kind) {
    case 'local': {
      const slots = { zone: zoneWords[motion.zone] ?? 'in the center' };
      return fill(isStrong ? motionSentences.localStrong : motionSentences.localGentle, slots, choose);
    }
    case 'travel':
      return travelSentence(motion, claims, choose);
    case 'still':
      return fill((claims.isAboutCamera ? motionInFrameSentences : motionSentences).still, {}, choose);
    case 'broad':
      return fill(isStrong ? motionSentences.broadStrong : motionSentences.broadGentle, {}, choose);
    case 'scattered':
      return fill(motionSentences.scattered, {}, choose);
    case 'brighter':
      return fill(isStrong ? motionSentences.brighterStrong : motionSentences.brighter, {}, choose);
    case 'darker':
      return fill(isStrong ? motionSentences.darkerStrong : motionSentences.darker, {}, choose);
  }
}

/** The atmosphere that light and motion suggest; a light that is not told suggests nothing. */
export function moodSentence(facts: Facts, isLightTold: boolean, choose: Choose): string {
  const key = isLightTold ? keyOf(facts.lightLevel) : 'middle';
  const mood = fill(moodWords[key][energyOf(facts.motion)], {}, choose);
  return fill(moodSentences, { mood }, choose);
}

function travelSentence(
  { towards, isStrong }: Extract<MotionFacts, { kind: 'travel' }>,
  { isAboutCamera }: PromptClaims,
  choose: Choose,
): string {
  // The picture slides the other way than the camera goes.
  if (isAboutCamera)
    return fill(motionInFrameSentences.travel, { flow: directionWords[opposites[towards]] }, choose);
  const templates = isStrong ? motionSentences.travelStrong : motionSentences.travelGentle;
  return fill(templates, { direction: directionWords[towards] }, choose);
}

const opposites = { left: 'right', right: 'left', up: 'down', down: 'up' } as const;
const directionWords = {
  left: 'to the left',
  right: 'to the right',
  up: 'upward',
  down: 'downward',
} as const;

function keyOf(level: Facts['lightLevel']): Key {
  if (level === 'black' || level === 'low') return 'dark';
  return level === 'balanced' ? 'middle' : 'light';
}

function energyOf(motion: MotionFacts | null): Energy {
  if (!motion) return 'unknown';
  return 'isStrong' in motion && motion.isStrong ? 'active' : 'calm';
}
