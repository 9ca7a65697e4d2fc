import { z } from 'zod';
import { parseJsonAs } from '../../../../core/json.ts';
import type { Clock } from '../../../../ports/clock.ts';
import type { MediaTool } from '../../../../ports/media-tool.ts';
import type { EngineSpec } from '../../../../protocol/manifest.ts';
import { type HttpAnswer, HttpClient, HttpError } from '../../../http/http-client.ts';
import { EngineError } from '../../../tasks/engine-error.ts';
import type { Engine, PreparedUpsample, PromptRequest, UpsampleAnswer } from '../../engine.ts';
import { chatRequestBody, readChatAnswer } from './chat-completion.ts';
import { chooseModel } from './choose-model.ts';
import { answerError, connectionError, withOwnStatus } from './engine-errors.ts';
import { type ServerAddress, serverAddress } from './server-address.ts';

/**
 * Judges a server as a run does, with the same client and the same messages, but does not wait for it.
 *
 * @param environment - Where the API key's variable and proxies are looked up.
 * @throws EngineError fatal
 */
export async function checkServer(
  spec: EngineSpec,
  environment: Readonly<Record<string, string | undefined>>,
  deps: Pick<OpenAiEngineDeps, 'media' | 'clock'>,
): Promise<ServerFacts & { readonly waitReason: string | null }> {
  const engine = new OpenAiEngine({
    ...deps,
    environment,
    spec: { ...spec, retry: { ...spec.retry, max_outage_ms: 0 } },
  });
  try {
    await engine.start(new AbortController().signal);
    if (engine.server === null) throw new Error('an engine that was started knows its server');
    return { ...engine.server, waitReason: null };
  } catch (error) {
    // It answers, but not yet with what it serves.
    const isLoading =
      error instanceof EngineError && error.cause instanceof EngineError && isAnswered(error.cause);
    if (!isLoading) throw error;
    const { shown: address } = serverAddress(spec, environment);
    return {
      address,
      model: spec.model,
      isListingModels: false,
      contextTokens: null,
      waitReason: error.message,
    };
  } finally {
    await engine.stop();
  }
}

export interface OpenAiEngineDeps {
  readonly spec: EngineSpec;
  readonly media: MediaTool;
  readonly clock: Clock;
  /** Where the server is at the moment, instead of the spec's `base_url`; asked before every request. */
  readonly baseUrl?: () => string;
  /** Where the API key's variable is looked up. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** A server that does not answer at the start is waited for this long at most. */
const startTimeoutMs = 15_000;
const startPauseMs = 250;
/** Listing models is cheap for every server; one that takes longer has a problem. */
const listTimeoutMs = 10_000;

const contextSchema = z.int().positive().nullish().catch(null);

/** Entries without a name say nothing. vLLM tells the context as `max_model_len`, llama.cpp in `meta`. */
const modelListSchema = z.object({
  data: z.array(
    z
      .object({
        id: z.string(),
        aliases: z.array(z.string()).catch([]).default([]),
        max_model_len: contextSchema,
        meta: z.object({ n_ctx: contextSchema }).nullish().catch(null),
      })
      .nullable()
      .catch(null),
  ),
});

type ListedModel = NonNullable<z.infer<typeof modelListSchema>['data'][number]>;

/** What is known of a server once an engine was started. */
export interface ServerFacts {
  /** Its address, without a password. */
  readonly address: string;
  /** The model that is asked for. */
  readonly model: string;
  readonly isListingModels: boolean;
  /** Tokens that one prompt and its answer may have; null where the server does not say. */
  readonly contextTokens: number | null;
}

/** An engine that asks any server with the OpenAI chat completions API, with the frames as JPEG image parts. */
export class OpenAiEngine implements Engine {
  readonly preparesAhead = true;
  readonly #deps: OpenAiEngineDeps;
  readonly #http: HttpClient;
  #server: ServerFacts | null = null;
  #waitReason: string | null = null;

  constructor(deps: OpenAiEngineDeps) {
    this.#deps = deps;
    // No proxy stands between the worker and the server that it starts.
    this.#http = new HttpClient(deps.baseUrl ? {} : deps.environment);
  }

  get waitReason(): string | null {
    return this.#waitReason;
  }

  async start(signal: AbortSignal): Promise<void> {
    const address = this.#address();
    const listed = await this.#listModels(address, signal);
    const names = listed?.flatMap(({ id, aliases }) => [id, ...aliases]) ?? null;
    const wanted = this.#deps.spec.model;
    // An alias is another name of a model, not another model.
    const model = chooseModel(wanted, wanted === '' ? (listed?.map(({ id }) => id) ?? null) : names);
    const found = listed?.find(({ id, aliases }) => id === model || aliases.includes(model)) ?? listed?.[0];
    this.#server = {
      address: address.shown,
      model,
      isListingModels: listed !== null,
      contextTokens: found?.max_model_len ?? found?.meta?.n_ctx ?? null,
    };
  }

  /** What the server said at the start; null before that. */
  get server(): ServerFacts | null {
    return this.#server;
  }

  async prepare(request: PromptRequest, signal: AbortSignal): Promise<PreparedUpsample> {
    const frames = await this.#readFrames(request.hintPath, signal);
    return (attempt, askSignal) => this.#ask(request, frames, attempt, askSignal);
  }

  async stop(): Promise<void> {
    this.#http.close();
  }

  async #readFrames(hintPath: string | null, signal: AbortSignal): Promise<readonly Uint8Array[]> {
    if (hintPath === null) return [];
    const frames = await this.#deps.media.readJpegFrames(hintPath, signal);
    if (frames.length > 0) return frames;
    throw new EngineError({
      code: 'no-frames',
      class: 'permanent',
      message: 'The hint has no frame to show.',
    });
  }

  async #ask(
    request: PromptRequest,
    frames: readonly Uint8Array[],
    attempt: number,
    signal: AbortSignal,
  ): Promise<UpsampleAnswer> {
    if (this.#server === null) throw new Error('the engine was asked before it was started');
    const { model } = this.#server;
    const address = this.#address();
    const body = chatRequestBody(this.#deps.spec, model, request, frames, attempt);
    const path = '/chat/completions';
    const answer = await this.#call(address, path, this.#deps.spec.request_timeout_ms, signal, body);
    if (answer.status !== 200) {
      throw answerError(answer, { path, model, address, nowMs: this.#deps.clock.now() });
    }
    return readChatAnswer(answer.body, { model, frames: frames.length });
  }

  #address(): ServerAddress {
    const { spec, baseUrl, environment } = this.#deps;
    return serverAddress(baseUrl ? { ...spec, base_url: baseUrl() } : spec, environment);
  }

  /** The served models; null when the server does not list them. Waits for one that is coming up. */
  async #listModels(address: ServerAddress, signal: AbortSignal): Promise<readonly ListedModel[] | null> {
    const { clock, spec } = this.#deps;
    const startedMs = clock.now();
    try {
      for (;;) {
        try {
          return await this.#tryListModels(address, signal);
        } catch (error) {
          if (!(error instanceof EngineError) || error.class === 'fatal') throw error;
          // One that answers at all loads its model, which takes minutes.
          const isLoading = !(error.cause instanceof HttpError);
          const allowedMs = isLoading
            ? spec.retry.max_outage_ms
            : Math.min(spec.retry.max_outage_ms, startTimeoutMs);
          const { message } = error;
          if (clock.now() - startedMs >= allowedMs)
            throw new EngineError({ code: 'engine-unreachable', class: 'fatal', message, cause: error });
          this.#waitReason = message;
        }
        await clock.sleep(startPauseMs, signal);
      }
    } finally {
      this.#waitReason = null;
    }
  }

  async #tryListModels(address: ServerAddress, signal: AbortSignal): Promise<readonly ListedModel[] | null> {
    const path = '/models';
    const answer = await this.#call(address, path, listTimeoutMs, signal);
    if (answer.status === 200) {
      const list = parseJsonAs(modelListSchema, answer.body);
      return list ? list.data.filter((model) => model !== null) : null;
    }
    const { spec, clock } = this.#deps;
    const error = answerError(answer, { path, model: spec.model, address, nowMs: clock.now() });
    const isRefused = answer.status === 401 || answer.status === 403;
    if (isRefused || (answer.status >= 300 && answer.status < 400) || error.class === 'outage') throw error;
    // Not every server lists its models; whether this one works, the first request will show.
    return null;
  }

  async #call(
    address: ServerAddress,
    path: string,
    timeoutMs: number,
    signal: AbortSignal,
    body?: string,
  ): Promise<HttpAnswer> {
    const method = body === undefined ? 'GET' : 'POST';
    const call = { method, url: address.url(path), headers: address.headers, timeoutMs } as const;
    try {
      return withOwnStatus(await this.#http.call(body === undefined ? call : { ...call, body }, signal));
    } catch (error) {
      throw error instanceof HttpError ? connectionError(error, address) : error;
    }
  }
}

/** Whether an error is an answer of the server, not the lack of one. */
function isAnswered(error: EngineError): boolean {
  return !(error.cause instanceof HttpError);
}
