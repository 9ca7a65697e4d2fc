import { z } from 'zod';
import { parseJson } from '../../../../core/json.ts';
import { requestText } from '../../../../core/upsample/instruction.ts';
import type { EngineSpec } from '../../../../protocol/manifest.ts';
import { EngineError } from '../../../tasks/engine-error.ts';
import type { PromptRequest, UpsampleAnswer } from '../../engine.ts';

/**
 * The JSON body of one chat completion: images first, then one text part, and no system prompt, as the models for
 * Cosmos prompts were trained.
 *
 * @param frames - JPEG files, in order.
 * @param attempt - From the second one on it is sent as `seed`, so that asking again may be answered otherwise.
 */
export function chatRequestBody(
  spec: Pick<EngineSpec, 'instruction' | 'temperature'>,
  model: string,
  request: Pick<PromptRequest, 'prompt' | 'maxOutputTokens'>,
  frames: readonly Uint8Array[],
  attempt: number,
): string {
  const text = requestText(spec.instruction, request.prompt);
  const images = frames.map((jpeg) => ({
    type: 'image_url',
    image_url: { url: `data:image/jpeg;base64,${Buffer.from(jpeg).toString('base64')}` },
  }));
  return JSON.stringify({
    model,
    messages: [{ role: 'user', content: [...images, { type: 'text', text }] }],
    temperature: spec.temperature,
    max_tokens: request.maxOutputTokens,
    ...(attempt > 1 ? { seed: attempt } : {}),
  });
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
  if (json === undefined) throw unreadable('is no JSON');
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
