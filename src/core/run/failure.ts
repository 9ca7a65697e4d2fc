import { AppError } from '../../errors/app-error.ts';
import { resumeCommand } from './run-commands.ts';
import type { SessionError } from './run-status.ts';

/** Every way a spec can fail, with the next step. `docs/failures.md` is generated from here; codes are stable. */
export const failureNextSteps = {
  'spec-invalid':
    'Correct the file, or move it out of the folder. The shape: cosmos help formats/prompt-spec',
  'spec-changed': 'The file was edited while the run worked on it: start a new run.',
  'output-unwritable': 'Check the rights and the path of the output folder, then resume the run.',
  'resolution-too-large': 'Use --auto-resize, or a smaller --max-resolution.',
  'prompt-too-long': 'Shorten the prompt, or raise upsampling.max_tokens if the model has a larger context.',
  'video-unreadable':
    'Check the path in the spec and that the video plays, then run again: finished prompts are reused.',
  'no-video': 'Set input_video_path to a video, or allow prompts without one with --allow-text-only.',
  'hint-failed': 'Play the video to see whether it is damaged; a re-encoded copy usually helps.',
  'hint-unreadable': 'Resume the run: the hint is made and sent again.',
  'no-frames': 'The model saw no frame: check that it takes images, then resume the run.',
  'output-empty':
    'Resume the run to ask again; if it is empty again, start a new run with another model or a higher temperature.',
  'output-truncated':
    'Raise max_output_tokens in [upsampling.engine] of config.toml (cosmos config init writes one), then resume the run.',
  'output-filtered':
    'A filter of the server cuts off what the model writes: change the prompt and start a new run, or resume with another --base-url.',
  'output-refused':
    'The message quotes the model: start a new run with another prompt, video or model (one that takes images and does this kind of task).',
  'output-copied':
    'The model only repeated the prompt: check that it follows instructions, or start a new run with another model.',
  'output-repeated':
    'The model gave the same text for different inputs: check that it really sees the frames.',
  'output-invalid-json':
    'Resume the run to ask again; if it fails again, check that the server supports response_format, or start a new run with another model or upsampling.prompt_format = "text".',
  'request-rejected': 'The server refuses this request; its message says why.',
  'context-exceeded':
    'Give the server a larger context, then resume the run; or start a new one with upsampling.max_tokens set to the context of the server and the exact --estimator of the model.',
  'engine-rejected':
    'Correct the API key (api_key_env in [upsampling.engine] of config.toml names its variable) or set --model, then resume the run; once prompts are answered, another model needs a new run.',
  'engine-unreachable':
    'Check that the server runs and --base-url (upsampling.engine.base_url) is right, then resume the run.',
  'engine-failed': 'The server answered with an error several times: look at its log, then resume the run.',
  'engine-crashed':
    'This prompt crashes the model server each time: look at its log (cosmos logs RUN --engine), or change the prompt or its video.',
  'out-of-memory':
    'Resume the run with fewer --workers; if that is not enough, start a new one with a smaller --batch-size or --tile.',
  'model-unreadable': 'Start a new run with another --model, or with the --scale of this one.',
  'runtime-missing':
    'On this machine: npm install -g --ignore-scripts onnxruntime-node; on a host, run cosmos host prepare NAME --upscaler.',
  'video-exists': 'Replace it with --force, or choose another folder with --videos-dir.',
  'prompt-blocked':
    "The model's guardrail refuses the prompt or the video: change the prompt in the enriched spec, then resume the run.",
  'inference-stalled':
    'Its program wrote nothing for inference.stall_timeout_s and was stopped: look at its log (cosmos logs RUN --engine), then resume the run.',
  'inference-failed':
    "The model's program ended without this video: its log (cosmos logs RUN --engine) says why.",
  'video-invalid':
    "The video that the model's program left cannot be played, or is not of this prompt: look at its log (cosmos logs RUN --engine), then resume the run.",
  'result-implausible':
    'Check the host and its worker (cosmos doctor --host NAME), or leave it out of --host; then resume the run, which asks again.',
  'failures-repeated': 'The message has the cause that all failures share: correct it, then resume the run.',
  'engine-timeout':
    'Raise request_timeout_s or lower concurrency, both in [upsampling.engine] of config.toml, then resume the run.',
} as const satisfies Record<string, string>;

export type FailureCode = keyof typeof failureNextSteps;

/** Why one spec failed; data, not an exception, because the rest continues. */
export interface SpecFailure {
  readonly code: FailureCode;
  readonly message: string;
  readonly next_step: string;
}

/** A failure as reports and summaries tell it. */
export interface FailureFacts {
  readonly code: string;
  readonly message: string;
  readonly next_step: string;
}

/** A failure without what else its event says. */
export function failureFacts({ code, message, next_step }: FailureFacts): FailureFacts {
  return { code, message, next_step };
}

/** An error that stopped a run. */
export function stopFacts(error: AppError): SessionError {
  return { code: error.code, message: error.message, next_step: error.nextStep };
}

/** Codes of errors that resuming would only meet again: their own next steps say what else to do. */
const finalCodes: ReadonlySet<string> = new Set([
  'model-unreadable',
  'checkpoint-mismatch',
  'checkpoint-version',
  'checkpoint-damaged',
  'output-unsupported',
]);

/** An error that stopped a run before its end, with the command that continues the run once its cause is corrected. */
export function withContinuation(error: AppError, runId: string): AppError {
  const { code, message, nextStep, isRetryable } = error;
  if (finalCodes.has(code) || /cosmos (?:resume|attach) /.test(nextStep ?? '')) return error;
  const command = resumeCommand(runId);
  const step =
    nextStep === null
      ? `Continue with: ${command}`
      : /[.:]$/.test(nextStep)
        ? `${nextStep} Continue with: ${command}`
        : `${nextStep}; continue with: ${command}`;
  const { missingImage } = error;
  return new AppError({
    ...{ code, message, nextStep: step, isRetryable, cause: error },
    ...(missingImage && { missingImage }),
  });
}

/** A failure with the table's next step, unless a better one is known. */
export function specFailure(
  code: FailureCode,
  message: string,
  nextStep: string = failureNextSteps[code],
): SpecFailure {
  return { code, message, next_step: nextStep };
}
