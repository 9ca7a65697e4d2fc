import { backoffDelayMs } from '../../../../core/run/backoff.ts';
import { AppError } from '../../../../errors/app-error.ts';
import type { PicturesAnswer, ProbeRequest, ServerProbe } from '../../../../ports/model-server.ts';
import type { EngineSpec } from '../../../../protocol/manifest.ts';
import { asEngineError, EngineError } from '../../../tasks/engine-error.ts';
import { OpenAiEngine, type OpenAiEngineDeps } from './openai-engine.ts';

interface ProbeDeps extends Pick<OpenAiEngineDeps, 'media' | 'clock' | 'environment'> {
  /** A hint of so many frames of this size. */
  makeHint(
    size: { readonly width: number; readonly height: number },
    frames: number,
    signal: AbortSignal,
  ): Promise<string>;
}

/** An answer that was cut off is asked for so often. */
const mostCutOff = 2;

/**
 * Opens a server to be asked for what it takes, with the client and the messages of a run.
 *
 * @throws AppError where no request can succeed.
 */
export async function withServerProbe<T>(
  spec: EngineSpec,
  request: ProbeRequest,
  deps: ProbeDeps,
  use: (probe: ServerProbe) => Promise<T>,
): Promise<T> {
  const engine = new OpenAiEngine({ ...deps, spec: { ...spec, retry: { ...spec.retry, max_outage_ms: 0 } } });
  try {
    await engine.start(new AbortController().signal);
    if (engine.server === null) throw new Error('an engine that was started knows its server');
    return await use({
      facts: engine.server,
      ask: async (size, signal) => {
        const hintPath = await deps.makeHint(size, request.frames, signal);
        const { prompt, maxOutputTokens } = request;
        const ask = await engine.prepare({ prompt, hintPath, maxOutputTokens }, signal);
        return await answerOf(ask, spec.retry, deps, signal);
      },
    });
  } catch (error) {
    throw error instanceof EngineError ? asAppError(error) : error;
  } finally {
    await engine.stop();
  }
}

async function answerOf(
  ask: Awaited<ReturnType<OpenAiEngine['prepare']>>,
  { max_attempts: maxAttempts, base_delay_ms: baseDelayMs, max_delay_ms: maxDelayMs }: EngineSpec['retry'],
  { clock }: ProbeDeps,
  signal: AbortSignal,
): Promise<PicturesAnswer> {
  let cutOff = 0;
  for (let requests = 1; ; requests++) {
    try {
      const { promptTokens, finishReason } = await ask(requests, signal);
      if (finishReason === 'length') cutOff += 1;
      if (finishReason !== 'length' || cutOff >= mostCutOff)
        return { requests, refusal: null, promptTokens, finishReason };
    } catch (thrown) {
      if (signal.aborted) throw thrown;
      const error = asEngineError(thrown);
      if (error.class === 'permanent') return { requests, refusal: error.message };
      if (error.class === 'fatal' || requests >= maxAttempts) throw error;
      const pauseMs = backoffDelayMs(requests, { baseDelayMs, maxDelayMs }, 1);
      await clock.sleep(Math.max(pauseMs, Math.min(error.retryAfterMs ?? 0, maxDelayMs)), signal);
    }
  }
}

function asAppError(error: EngineError): AppError {
  const { message, code } = error;
  const isUnreachable =
    code === 'engine-unreachable' || code === 'engine-timeout' || code === 'engine-failed';
  return new AppError({
    code: isUnreachable ? 'engine-unreachable' : 'engine-rejected',
    message,
    nextStep: isUnreachable
      ? 'Start the server, or correct base_url, and try again.'
      : 'Correct what the message names, then try again.',
    cause: error,
  });
}
