import type { PromptRequest } from '../../engine.ts';
import type { Measures } from './measure.ts';
import { grade } from './naming.ts';
import type { PaletteColour } from './palette.ts';
import type { Write } from './phrases.ts';
import type { PromptClaims } from './user-words.ts';

/** What is known of a hint: the kind of video it was made from, and what was measured in its frames. */
export interface MeasuredClip {
  readonly kind: NonNullable<PromptRequest['kind']>;
  readonly measures: Measures;
}

/**
 * Everything that can be said of a clip, the most important first. What the prompt denies is left out, and where
 * nothing was seen there is nothing to say.
 */
export function clipSentences(clip: MeasuredClip, claims: PromptClaims, write: Write): string[] {
  const sentences = isMap(clip) ? mapSentences(clip, claims, write) : sceneSentences(clip, claims, write);
  return sentences.filter((sentence) => sentence !== null);
}

/** How the shot is to be made: nothing here claims to have been seen. */
export function directionSentences(hasClip: boolean, claims: PromptClaims, write: Write): string[] {
  return [
    ...(hasClip || claims.isAboutCamera ? [] : [write('<ask.camera>')]),
    ...(hasClip || claims.motion === 'static' ? [] : [write('<ask.pace>')]),
    ...['<ask.fidelity>', '<ask.framing>', '<ask.detail>', '<ask.volume>'].map((template) => write(template)),
  ];
}

type Sentences = ReadonlyArray<string | null>;

/** A map's grays and colours are codes for outline, class or distance: its structure is told, and no light. */
function isMap({ kind }: MeasuredClip): boolean {
  return kind === 'edge' || kind === 'seg' || kind === 'depth';
}

function mapSentences(clip: MeasuredClip, claims: PromptClaims, write: Write): Sentences {
  const { kind, measures } = clip;
  const isEmpty = measures.tones !== null || (kind === 'seg' && measures.palette.count < 2);
  if (isEmpty) return [];
  const motion = motionSentence(clip, claims, write);
  if (kind === 'depth' && !measures.hasEdges) return [write('<depth.smooth>'), motion];
  const areas = grade(measures.palette.count, [4, 8], ['a few', 'several', 'many']);
  return [write(`<${kind}>`, { areas }), crowdSentence(measures, write), motion];
}

function sceneSentences(clip: MeasuredClip, claims: PromptClaims, write: Write): Sentences {
  const { tones, isSteady, contrast, detail } = clip.measures;
  const light = lightSentence(clip.measures, claims, write);
  // Where nothing but a tone was seen, and the prompt denies it, nothing is left to tell.
  if (tones && isSteady && light === null) return [];
  const motion = motionSentence(clip, claims, write);
  if (tones) {
    const [first, last] = tones;
    return [write(first === last ? '<plain>' : '<plain.changing>', { first, last }), light, motion];
  }
  const always = [light, colourSentence(clip.measures, claims, write), motion];
  // Blur has no edges and no texture of its own.
  if (clip.kind === 'vis') return [...always, write('<masses>')];
  const texture = write('<texture>', { contrast: `<contrast.${contrast}>`, detail: `<detail.${detail}>` });
  return [...always, crowdSentence(clip.measures, write), texture];
}

/** Where the visual weight lies; null where there is nothing but gradual tones. */
function crowdSentence({ hasEdges, focus }: Measures, write: Write): string | null {
  if (!hasEdges) return null;
  return focus === null ? write('<crowd.spread>') : write('<crowd.placed>', { place: focus });
}

/** How bright the frames are; null when the prompt says otherwise, or when each frame has another light. */
function lightSentence(measures: Measures, claims: PromptClaims, write: Write): string | null {
  const { level, spread, brightest, isSteady } = measures;
  if (!isSteady || isLightDenied(level, claims)) return null;
  return write(`<light.${level}><spread.${spread}>`, { place: brightest ?? '' });
}

function isLightDenied(level: Measures['level'], { light }: PromptClaims): boolean {
  if (light === 'bright') return level === 'black' || level === 'low';
  return light === 'dark' && (level === 'bright' || level === 'white');
}

function colourSentence(
  { level, isSteady, palette }: Measures,
  claims: PromptClaims,
  write: Write,
): string | null {
  const { saturation, temperature } = palette;
  if (claims.isMonochrome && saturation !== 'neutral') return null;
  const denied = isLightDenied(level, claims) ? deniedColours : /^$/;
  const [first, ...accents] = palette.colours.filter(({ name }) => !denied.test(name));
  if (!first) return null;
  const slots = {
    ...{ palette: `<${saturation}>`, temperature, colour: first.name, part: partOf(first, accents) },
    ...{ colours: joinList([first.name, ...accents.map(({ name }) => name)]), accents: joinPlaced(accents) },
  };
  // A share would tell of no frame when each has another light, and of nothing when no colour leads.
  if (!isSteady || first !== palette.colours[0] || first.share < 0.2) return write('<colour.list>', slots);
  return write(accents.length === 0 ? '<colour.one>' : '<colour.several>', slots);
}

/** Colours that are no more than the light that the prompt denies. */
const deniedColours = /black|charcoal|dark|deep|navy|white|pale|light|cream/;

/** `about half of the frame, mainly on the left`; without the place where the accents have places. */
function partOf({ share, place }: PaletteColour, accents: readonly PaletteColour[]): string {
  const part = `${grade(share, [0.29, 0.43, 0.6, 0.9], shares)} of the frame`;
  return place === null || accents.some((accent) => accent.place) ? part : `${part}, mainly ${place}`;
}

const shares = ['about a quarter', 'about a third', 'about half', 'most', 'nearly all'] as const;

/** Names with their places; those without a place last, so that no place seems to be theirs. */
function joinPlaced(accents: readonly PaletteColour[]): string {
  const sorted = accents.toSorted((one, other) => Number(!one.place) - Number(!other.place));
  const named = sorted.map(({ name, place }, index) => {
    return place === null || place === sorted[index + 1]?.place ? name : `${name} ${place}`;
  });
  return named.join(' and ');
}

function joinList(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}

/** What moves; null when nothing is known of it, or the prompt says otherwise. */
function motionSentence(clip: MeasuredClip, claims: PromptClaims, write: Write): string | null {
  const { motion } = clip.measures;
  if (!motion) return null;
  if (motion.kind === 'still') {
    if (claims.motion === 'moving') return null;
    return write(claims.isAboutCamera ? '<still.inFrame>' : '<still>');
  }
  if ((motion.kind === 'slide' || motion.isStrong) && claims.motion === 'static') return null;
  const strength = motion.isStrong ? '.strong' : '';
  if (motion.kind === 'slide') {
    // The camera goes the other way than the picture. A prompt that speaks of the camera is left to say how.
    if (claims.isAboutCamera) return write('<slide.inFrame>', { direction: directions[motion.to] });
    return write(`<slide${strength}>`, { direction: directions[opposites[motion.to]] });
  }
  if (motion.kind === 'local') return write(`<local${strength}>`, { place: motion.place });
  // The brightness of a map is a code.
  return write(`<${isMap(clip) ? 'broad' : motion.kind}${strength}>`);
}

const opposites = { left: 'right', right: 'left', up: 'down', down: 'up' } as const;
const directions = { left: 'to the left', right: 'to the right', up: 'upward', down: 'downward' } as const;
