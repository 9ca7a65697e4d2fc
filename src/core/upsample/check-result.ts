import { readCosmos3Answer } from '../inference/cosmos3-prompt.ts';
import type { AnswerIndex } from './answer-index.ts';
import { checkAnswer } from './check-answer.ts';

/** A task as it was submitted. */
interface SubmittedPrompt {
  readonly task_key: string;
  readonly prompt: string;
  readonly hint: { readonly sha256: string; readonly frames: number } | null;
  readonly max_output_tokens: number;
}

/** Who was asked. */
interface AskedEngine {
  readonly kind: 'describe' | 'openai';
  readonly model: string;
  readonly instruction: string;
  readonly prompt_format?: 'cosmos3-json' | undefined;
}

/** What came back for it. */
interface ReturnedResult {
  readonly task_key: string;
  readonly status: 'ok' | 'failed';
  readonly text: string | null;
  readonly frames_used: number;
  readonly model: string;
  readonly usage: { readonly prompt_tokens: number | null; readonly completion_tokens: number | null };
  readonly finish_reason: string | null;
  readonly attempts: number;
  readonly duration_ms: number;
}

type OutputCode = NonNullable<ReturnType<typeof checkAnswer>>['code'];

/** Why a result is not used. */
export interface ResultFault {
  readonly code: OutputCode | 'output-invalid-json' | 'output-repeated' | 'result-implausible';
  readonly message: string;
}

/** Far more than any honest worker reports: attempts have a bound in the settings, and a request has one in time. */
const mostAttempts = 1_000;
const longestMs = 30 * 24 * 3_600_000;
const mostTokens = 1_000_000_000;
/** The longest name that a model may have in the settings. */
const longestModelName = 512;
/** Letters of one token: the longest tokens have more, but no text is made of those alone. */
const lettersPerToken = 32;
/** Letters that any answer may have, however few tokens it may have. */
const shortAnswer = 4096;
/** The embedded engine's own name, which no server has. */
const embeddedModel = /^describe-\d+$/;

/**
 * Checks a result as the worker that made it should have, once more where it is used: a host may say of any text that it is a
 * good answer. What makes a result refused here would have made an honest worker ask again.
 *
 * A failed result is checked for its numbers alone. Whether other tasks have the same text, {@link repeatedAnswer} knows.
 */
export function checkResult(
  result: ReturnedResult,
  task: SubmittedPrompt,
  engine: AskedEngine,
): ResultFault | null {
  const implausible = implausibleFact(result, task, engine);
  if (implausible !== null) return { code: 'result-implausible', message: implausible };
  if (result.status === 'failed') return null;
  const text = result.text ?? '';
  if (text.trim() === '') return { code: 'output-empty', message: "The engine's answer was empty." };
  const fault = framesFault(result, task);
  if (fault) return fault;
  const read = engine.prompt_format === undefined ? null : readCosmos3Answer(text);
  if (read?.isValid === false)
    return {
      code: 'output-invalid-json',
      message: `The answer is not a prompt for Cosmos 3: ${read.reason}.`,
    };
  return checkAnswer(
    {
      text: read?.isValid ? read.words : text,
      isUnfinishedReasoning: false,
      framesUsed: result.frames_used,
      finishReason: result.finish_reason,
      outputTokens: result.usage.completion_tokens,
    },
    {
      prompt: task.prompt,
      instruction: engine.instruction,
      hasHint: task.hint !== null,
      maxOutputTokens: task.max_output_tokens,
    },
  );
}

/** The text of a good result that another input has already; null for one that is new, which is noted. */
export function repeatedAnswer(
  { text }: Pick<ReturnedResult, 'text'>,
  task: SubmittedPrompt,
  answers: AnswerIndex,
): ResultFault | null {
  const other = answers.claim(task, text ?? '');
  return other === null ? null : { code: 'output-repeated', message: repeatedText(other) };
}

/** What is said of an answer that a task has already. */
export function repeatedText(taskKey: string): string {
  return `The answer is word for word the one for another input, task ${taskKey}.`;
}

function framesFault({ frames_used: used }: ReturnedResult, { hint }: SubmittedPrompt): ResultFault | null {
  const sent = hint?.frames ?? 0;
  if (used === 0 || used === sent) return null;
  const message =
    used < sent
      ? `The engine saw ${used} of the ${sent} frames that were sent.`
      : `The engine says that it saw ${used} frames, and ${sent === 0 ? 'none' : sent} ${sent > 1 ? 'were' : 'was'} sent.`;
  return { code: used < sent ? 'no-frames' : 'result-implausible', message };
}

/** What cannot be true of a result; null where all of it may be. */
function implausibleFact(
  { task_key: key, text, model, usage, attempts, duration_ms: durationMs, ...result }: ReturnedResult,
  task: SubmittedPrompt,
  engine: AskedEngine,
): string | null {
  if (key !== task.task_key) return 'The result is that of another task.';
  if (!isWithin(attempts, mostAttempts)) return `The result says that ${attempts} attempts were made.`;
  if (!isWithin(durationMs, longestMs)) return `The result says that it took ${durationMs} milliseconds.`;
  for (const tokens of [usage.prompt_tokens, usage.completion_tokens])
    if (tokens !== null && !isWithin(tokens, mostTokens)) return `The result counts ${tokens} tokens.`;
  if (result.status === 'failed') return null;
  if (!isModelOf(engine, model))
    return `The result says that another engine made it than ${engine.model || 'the server'}.`;
  const most = longestAnswer(task, engine);
  if ((text?.length ?? 0) > most)
    return `The answer has ${text?.length} letters; more than ${most} cannot be right for this prompt.`;
  return null;
}

function isWithin(value: number, most: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= most;
}

/** A server may answer under a longer name than it was asked by; the embedded engine has its one name. */
function isModelOf({ kind, model: asked }: AskedEngine, model: string): boolean {
  if (kind === 'describe') return model === asked;
  return model.length <= longestModelName && !embeddedModel.test(model);
}

/** The embedded engine writes the user's words and a paragraph; a model is bound by its tokens. */
function longestAnswer(
  { prompt, max_output_tokens: tokens }: SubmittedPrompt,
  { kind }: AskedEngine,
): number {
  return shortAnswer + (kind === 'describe' ? 2 * prompt.length : lettersPerToken * tokens);
}
