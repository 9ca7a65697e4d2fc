/**
 * The instruction before each prompt for a general model. Models that NVIDIA trained to enrich prompts get the bare
 * prompt after the frames instead, as in their own pipeline.
 */
const generalInstruction =
  'You write prompts for a world model that generates realistic video. The images are frames of the video to ' +
  'be generated, in order. Rewrite the prompt below as one paragraph of 60 to 110 words in plain present-tense ' +
  'English: keep every fact of the prompt, and add what the frames show of the scene, materials, light, colour, ' +
  'camera and motion. Answer with the paragraph only, without a title, a list or quotation marks.\n\nPrompt:';

/**
 * The text sent before a prompt.
 *
 * @param setting - `upsampling.engine.instruction`: `auto`, empty, or a text of the user's own.
 */
export function instructionFor(setting: string, model: string): string {
  if (setting !== 'auto') return setting;
  return /upsampleprompt|prompt-?upsampler/i.test(model) ? '' : generalInstruction;
}

/** The whole text part of a request. */
export function requestText(instruction: string, prompt: string): string {
  return instruction === '' ? prompt : `${instruction}\n\n${prompt}`;
}
