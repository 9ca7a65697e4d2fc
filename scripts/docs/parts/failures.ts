import { type FailureCode, failureNextSteps } from '../../../src/core/run/failure.ts';

/** What each failure means; one that is missing here does not compile. */
const meanings: Readonly<Record<FailureCode, string>> = {
  'spec-invalid': 'The file is empty, no JSON, or no PromptSpec. The message names file, line and reason.',
  'spec-changed':
    'The file is not the one that was planned: it was edited meanwhile, and is left as it is. With `--write-back`, the enriched form of what it was is in the output folder.',
  'output-unwritable': 'The enriched spec could not be written.',
  'resolution-too-large':
    'The video is larger than `--max-resolution` or has too many tokens, and no hint may be made.',
  'prompt-too-long': 'Even with the smallest hint, prompt, frames and answer do not fit the model.',
  'video-unreadable': 'The video is missing, damaged, or has no frame.',
  'no-video': 'The spec names no input video, and none of its control videos exists.',
  'hint-failed': 'ffmpeg could make no hint, at the planned size nor at the lower ones.',
  'hint-unreadable': 'The worker could not read the hint it was given.',
  'no-frames': 'The engine answered without having seen a frame; its text would be fiction.',
  'output-empty': 'The answer had no word in it, at every attempt.',
  'output-truncated':
    'The answer was cut off at the output limit (`finish_reason` is `length`), or the model was still thinking when it ended.',
  'output-filtered': 'The answer was ended by a content filter (`finish_reason` is `content_filter`).',
  'output-refused': 'The answer says, in place of a prompt, that the model will not or cannot do this.',
  'output-copied': 'The answer repeats the prompt or the instruction instead of enriching it.',
  'output-repeated': 'The answer is word for word the one for another input.',
  'output-invalid-json':
    'The answer is not JSON, or not of the schema of `prompt_format`, at every attempt, nor after the model was shown what is wrong with it.',
  'request-rejected': 'The server refuses this request (HTTP 400, 413, 422 and the like).',
  'context-exceeded': 'The server says that prompt, frames and answer exceed its context.',
  'engine-rejected': 'The server refuses the key or the model.',
  'engine-unreachable': 'The server did not answer, or asked to wait, for longer than `retry.max_outage_s`.',
  'engine-failed': 'The server answered with an error, or not whole, at every attempt.',
  'engine-crashed':
    "The model's server ended while it worked on this prompt alone; the prompts beside it were done.",
  'out-of-memory': 'The machine has too little memory for a single frame, even in the smallest tiles.',
  'model-unreadable':
    'The model is no ONNX model that upscales, or upscales by another factor than `--scale`.',
  'runtime-missing': 'ONNX Runtime is not installed where the worker runs, or does not fit that machine.',
  'video-exists':
    "A file was in the video's place before the run, and it was not made from the same prompt, videos and parameters.",
  'prompt-blocked': "The model's guardrail refused the prompt, or the video that was made of it.",
  'inference-stalled':
    "The model's program wrote nothing, and no file grew, for `inference.stall_timeout_s`.",
  'inference-failed': "The model's program ended, or continued with the next video, without this one.",
  'video-invalid': 'The file that the program left does not decode, has no frame, or is of another prompt.',
  'failures-repeated':
    'So many prompts failed with the same error, with no success in between, that the run stopped asking (`retry.max_equal_failures`).',
  'result-implausible':
    'What a host returned for this prompt cannot be true: it is of another task or engine, far too long, or has impossible numbers.',
  'engine-timeout': 'No answer within `upsampling.engine.request_timeout_s`, at every attempt.',
};

/** One section a failure: what it means and what to do. Sections, so that each can be linked to. */
export function failureSections(): string {
  const codes = Object.keys(failureNextSteps) as FailureCode[];
  return codes.map((code) => `### ${code}\n\n${meanings[code]}\n\n→ ${failureNextSteps[code]}`).join('\n\n');
}
