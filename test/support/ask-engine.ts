import type { Engine, PromptRequest, UpsampleAnswer } from '../../src/worker/upsample/engine.ts';

/** Prepares a request and sends it, as the first attempt unless said otherwise. */
export async function askEngine(
  engine: Engine,
  request: PromptRequest,
  signal: AbortSignal,
  attempt = 1,
): Promise<UpsampleAnswer> {
  const send = await engine.prepare(request, signal);
  return await send(attempt, signal);
}
