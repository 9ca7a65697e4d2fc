import type { PromptFormat } from './request-shape.ts';

/**
 * The instruction before each prompt for a general model. Models that NVIDIA trained to enrich prompts get the bare
 * prompt after the frames instead, as in their own pipeline.
 */
const generalInstruction =
  'You write prompts for a world model that generates realistic video. The images are frames of the video to ' +
  'be generated, in order. Rewrite the prompt below as one paragraph of 60 to 110 words in plain present-tense ' +
  'English: keep every fact of the prompt, and add what the frames show of the scene, materials, light, colour, ' +
  'camera and motion. Answer with the paragraph only, without a title, a list or quotation marks.\n\nPrompt:';

/** The same where the prompt is to be Cosmos 3's JSON, which no model was trained to write after a bare prompt. */
const cosmos3Instruction =
  'You write prompts for a world model that generates realistic video. The images are frames of the video to ' +
  'be generated, in order. Turn the prompt below into one JSON object of the schema that you are given: keep every ' +
  'fact of the prompt, and add what the frames show. Describe each subject with what it does and how it changes; ' +
  'let actions and segments cover the whole video in order, with times as M:SS-M:SS; tell in temporal_caption, as ' +
  'one paragraph and second by second, what happens. Use "" or [] for what does not apply. Answer with the JSON ' +
  'object only.\n\nPrompt:';

/**
 * The text sent before a prompt.
 *
 * @param setting - `upsampling.engine.instruction`: `auto`, empty, or a text of the user's own.
 */
export function instructionFor(setting: string, model: string, format: PromptFormat = 'text'): string {
  if (setting !== 'auto') return setting;
  if (format === 'cosmos3-json') return cosmos3Instruction;
  return /upsampleprompt|prompt-?upsampler/i.test(model) ? '' : generalInstruction;
}

/**
 * The whole text part of a request.
 *
 * @param durationSeconds - Of the video, where the answer has to say what happens when.
 */
export function requestText(instruction: string, prompt: string, durationSeconds?: number): string {
  const duration = durationSeconds === undefined ? '' : `\n\nThe video lasts ${durationSeconds} s.`;
  return instruction === '' ? `${prompt}${duration}` : `${instruction}\n\n${prompt}${duration}`;
}
