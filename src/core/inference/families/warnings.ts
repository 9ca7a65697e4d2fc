import { parseCosmos3Prompt } from '../cosmos3-prompt.ts';
import { type InferenceParameters, usualParameters } from '../parameters.ts';
import type { InferenceSample } from '../sample.ts';

/** Why a model that follows controls refuses a sample without any, and what the spec may say. */
export const noControl =
  'it has no control (vis, edge, depth, seg); "control_inputs": {"edge": null} lets the model make one from the video';

/** The text encoders of T1, P2 and T2.5 read no more. */
const maxPromptTokens = 512;

export function longPrompt({ promptTokens }: InferenceSample): string[] {
  if (promptTokens <= maxPromptTokens) return [];
  return [
    `the prompt has about ${promptTokens} tokens, but the model reads only ${maxPromptTokens}: the rest is cut off`,
  ];
}

/** A prompt that only Cosmos 3 was trained on. */
export function foreignJson({ prompt }: InferenceSample): string[] {
  return parseCosmos3Prompt(prompt)
    ? ['the prompt is JSON for Cosmos 3, which this model reads as plain text']
    : [];
}

/** Their guardrails take a literal asterisk for a word that was censored. */
export function asterisks({ prompt }: InferenceSample): string[] {
  return prompt.includes('*') ? ['the prompt contains a "*", which the guardrail blocks'] : [];
}

export function visAtOne({ controls }: InferenceSample): string[] {
  const isWhole = controls.some(({ kind, weight }) => kind === 'vis' && weight >= 1);
  return isWhole ? ['"vis" at 1 or more gives a result close to the input video'] : [];
}

/** Parameters that were set, and that a family has no place for: the usual ones say nothing. */
export function setParameters(
  { parameters }: InferenceSample,
  names: readonly (keyof InferenceParameters)[],
): string[] {
  return names.filter((name) => parameters[name] !== usualParameters[name]);
}

/** What a family without controls or without such a parameter leaves out. */
export function dropped(what: readonly string[]): string[] {
  if (what.length === 0) return [];
  return [
    `${what.join(', ')} cannot be written for this model and ${what.length > 1 ? 'are' : 'is'} left out`,
  ];
}

export function chunked({ video }: InferenceSample, chunkFrames: number): string[] {
  if (!video || video.frames % chunkFrames === 0) return [];
  if (video.frames < chunkFrames) {
    return [
      `the video has ${video.frames} frames, but the model works on ${chunkFrames} at a time: the last is repeated`,
    ];
  }
  return [
    `the video's ${video.frames} frames are not a multiple of the ${chunkFrames} that the model works on at a time`,
  ];
}
