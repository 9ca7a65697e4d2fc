import { requestText } from '../../../../core/upsample/instruction.ts';
import type { EngineSpec } from '../../../../protocol/manifest.ts';
import type { PromptRequest } from '../../../engines/engine.ts';

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
  const images = frames.map((jpeg) => ({ type: 'image_url', image_url: { url: dataUrl(jpeg) } }));
  return JSON.stringify({
    model,
    messages: [{ role: 'user', content: [...images, { type: 'text', text }] }],
    temperature: spec.temperature,
    max_tokens: request.maxOutputTokens,
    ...(attempt > 1 ? { seed: attempt } : {}),
  });
}

function dataUrl(jpeg: Uint8Array): string {
  return `data:image/jpeg;base64,${Buffer.from(jpeg).toString('base64')}`;
}
