import { z } from 'zod';
import { parseJson } from '../../../../core/json.ts';
import { EngineError, type UpsampleAnswer } from '../../../engines/engine.ts';

const tokenCountSchema = z.int().min(0).nullish().catch(null);

const textPartSchema = z.object({ type: z.string().optional(), text: z.string().optional() });

/** Only what is used; servers add much, `reasoning_content` for one. */
const chatAnswerSchema = z.object({
  model: z.string().nullish().catch(null),
  choices: z
    .array(
      z.object({
        message: z.object({ content: z.union([z.string(), z.array(textPartSchema)]).nullish() }),
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
