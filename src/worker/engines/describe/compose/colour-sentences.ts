import type { Facts } from '../facts.ts';
import type { ColourFact, ColourFacts } from '../judge-colour.ts';
import type { Choose } from './chooser.ts';
import * as phrases from './colour-phrases.ts';
import type { PromptClaims } from './prompt-claims.ts';
import { capitalize, joinList, joinPlaced, partAt, shareWords } from './slot-words.ts';
import { fill, type Slots } from './template.ts';

/**
 * Which colors there are, how much of them, and where; null when all of them would deny what the prompt says of
 * the light, or that it wants none.
 */
export function colourSentence(facts: Facts, claims: PromptClaims, choose: Choose): string | null {
  const { colour } = facts;
  if (claims.isMonochrome && colour.saturation !== 'neutral') return null;
  const colours = colour.colours.filter(({ name }) => !isDenied(name, facts, claims));
  const [first, ...accents] = colours;
  if (!first) return null;
  const tone = toneOf(colour, choose);
  const slots = { ...colourSlots([first, ...accents]), tone, toneAdjectives: tone.replace(' and ', ', ') };
  return fill(templatesFor(facts, first, colours.length), slots, choose);
}

function templatesFor({ colour, isLightSteady }: Facts, first: ColourFact, count: number) {
  if (!isLightSteady || first !== colour.colours[0]) return phrases.listColourSentences;
  if (first.share < 0.2) return count > 1 ? phrases.scatteredColourSentences : phrases.listColourSentences;
  return count > 1 ? phrases.severalColourSentences : phrases.singleColourSentences;
}

function colourSlots(colours: readonly [ColourFact, ...ColourFact[]]): Slots {
  const [first, ...accents] = colours;
  const placed = accents.map(
    ({ name, place }) => ({ name, place: place === first.place ? 'all' : place }) as const,
  );
  return {
    c1: first.name,
    C1: capitalize(first.name),
    part1: `${shareWords(first.share)} the frame`,
    part1At: partAt(first.share, first.place),
    accents: joinPlaced(placed),
    list: joinList(colours.map((each) => each.name)),
  };
}

/** Black under a prompt that speaks of bright light, white under one that speaks of the dark. */
function isDenied(name: string, { lightLevel }: Facts, { light }: PromptClaims): boolean {
  if (light === 'bright' && (lightLevel === 'black' || lightLevel === 'low')) return darkNames.has(name);
  if (light === 'dark' && (lightLevel === 'bright' || lightLevel === 'white')) return lightNames.has(name);
  return false;
}

const darkNames = new Set([
  'black',
  'charcoal',
  'dark gray',
  'dark brown',
  'dark green',
  'midnight blue',
  'navy',
  'deep purple',
]);
const lightNames = new Set([
  'white',
  'off-white',
  'light gray',
  'cream',
  'pale yellow',
  'pale cyan',
  'pale blue',
]);

function toneOf({ saturation, temperature }: ColourFacts, choose: Choose): string {
  if (saturation === 'neutral') return fill(phrases.neutralToneWords, {}, choose);
  return fill(phrases.toneWords[saturation][temperature], {}, choose);
}
