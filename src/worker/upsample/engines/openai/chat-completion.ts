import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { cosmos3JsonSchema } from '../../../../core/inference/cosmos3-prompt.ts';
import { parseJson } from '../../../../core/json.ts';
import { requestText } from '../../../../core/upsample/instruction.ts';
import type { EngineSpec } from '../../../../protocol/manifest.ts';
import { EngineError } from '../../../tasks/engine-error.ts';
import type { Correction, PromptRequest, UpsampleAnswer } from '../../engine.ts';

/** Between the seeds of a task's attempts: no attempt has the seed of another variant of the prompt. */
const attemptStep = 1_000_003;

/**
 * The JSON body of one chat completion: images first and then one text part, unless said otherwise, as the models for
 * Cosmos prompts were trained.
 *
 * @param frames - JPEG files, in order.
 * @param attempt - From the second one on it decides the seed, so that asking again may be answered otherwise.
 * @param correction - The model's last answer and what is wrong with it: it is shown both.
 */
export function chatRequestBody(
  spec: RequestSpec,
  model: string,
  request: Pick<PromptRequest, 'prompt' | 'maxOutputTokens' | 'seed' | 'durationSeconds'>,
  frames: readonly Uint8Array[],
  attempt: number,
  correction?: Correction,
): string {
  const images = frames.length === 0 ? [] : [placeOfImages];
  const text = { type: 'text', text: requestText(spec.instruction, request.prompt, request.durationSeconds) };
  const seed = samplingStart(request.seed ?? spec.seed, attempt);
  const { system_prompt: system, top_p, top_k, presence_penalty } = spec;
  const sampling = { top_p, top_k, presence_penalty, seed };
  const body = JSON.stringify({
    model,
    messages: [
      ...(system === undefined ? [] : [{ role: 'system', content: system }]),
      { role: 'user', content: spec.message_order === 'text-first' ? [text, ...images] : [...images, text] },
      ...(correction ? correctionMessages(correction) : []),
    ],
    temperature: spec.temperature,
    max_tokens: request.maxOutputTokens,
    // What is undefined is not written.
    ...sampling,
    ...(spec.prompt_format === 'cosmos3-json' ? { response_format: cosmos3ResponseFormat() } : {}),
    ...spec.extra_body,
  });
  return frames.length === 0 ? body : body.replace(`"${placeOfImages}"`, () => imageParts(frames));
}

/** No text of a request holds it. */
const placeOfImages = `images ${randomUUID()}`;

/** Frames that many requests show are encoded once. */
const encoded = new WeakMap<readonly Uint8Array[], string>();

/** The frames as parts of a message, in JSON. */
function imageParts(frames: readonly Uint8Array[]): string {
  const known = encoded.get(frames);
  if (known !== undefined) return known;
  const parts = frames.map((jpeg) => {
    const url = `data:image/jpeg;base64,${Buffer.from(jpeg).toString('base64')}`;
    return JSON.stringify({ type: 'image_url', image_url: { url } });
  });
  encoded.set(frames, parts.join(','));
  return parts.join(',');
}

/** What of an engine spec decides a request's body. */
type RequestSpec = Pick<
  EngineSpec,
  | 'instruction'
  | 'temperature'
  | 'system_prompt'
  | 'top_p'
  | 'top_k'
  | 'presence_penalty'
  | 'seed'
  | 'message_order'
  | 'extra_body'
  | 'prompt_format'
>;

function samplingStart(seed: number | undefined, attempt: number): number | undefined {
  if (seed !== undefined) return seed + (attempt - 1) * attemptStep;
  return attempt > 1 ? attempt : undefined;
}

function cosmos3ResponseFormat(): object {
  return {
    type: 'json_schema',
    json_schema: { name: 'cosmos3_prompt', strict: true, schema: cosmos3JsonSchema() },
  };
}

function correctionMessages({ answer, fault }: Correction): object[] {
  const content = `That is not the JSON that was asked for: ${fault}. Answer with the corrected JSON object only.`;
  return [
    { role: 'assistant', content: answer },
    { role: 'user', content },
  ];
}

const tokenCountSchema = z.int().min(0).nullish().catch(null);

const textPartSchema = z.object({ type: z.string().optional(), text: z.string().optional() });

/** Only what is used; servers add much, `reasoning_content` for one. */
const chatAnswerSchema = z.object({
  model: z.string().nullish().catch(null),
  choices: z
    .array(
      z.object({
        message: z.object({
          content: z.union([z.string(), z.array(textPartSchema)]).nullish(),
          refusal: z.string().nullish().catch(null),
        }),
        finish_reason: z.string().nullish().catch(null),
      }),
    )
    .min(1),
  usage: z
    .object({ prompt_tokens: tokenCountSchema, completion_tokens: tokenCountSchema })
    .nullish()
    .catch(null),
});

/**
 * Reads a chat completion.
 *
 * @param asked - The model that was asked for, and how many images were sent.
 * @throws EngineError transient `engine-failed` when it is none.
 */
export function readChatAnswer(
  body: string,
  asked: { readonly model: string; readonly frames: number },
): UpsampleAnswer {
  const answer = parse(body);
  const choice = answer.choices[0];
  return {
    text: textOf(choice?.message.content ?? ''),
    refusal: choice?.message.refusal || null,
    framesUsed: asked.frames,
    model: answer.model || asked.model,
    promptTokens: answer.usage?.prompt_tokens ?? null,
    outputTokens: answer.usage?.completion_tokens ?? null,
    finishReason: choice?.finish_reason ?? null,
  };
}

function parse(body: string): z.infer<typeof chatAnswerSchema> {
  const json = parseJson(body);
  if (json === undefined) throw unreadable('is not JSON');
  const parsed = chatAnswerSchema.safeParse(json);
  if (!parsed.success) throw unreadable('has no choices', parsed.error);
  return parsed.data;
}

function textOf(content: string | readonly z.infer<typeof textPartSchema>[]): string {
  if (typeof content === 'string') return content;
  return content
    .map((part) => (part.type === undefined || part.type === 'text' ? (part.text ?? '') : ''))
    .join('');
}

function unreadable(problem: string, cause?: unknown): EngineError {
  return new EngineError({
    code: 'engine-failed',
    class: 'transient',
    message: `The server's answer ${problem}.`,
    cause,
  });
}
