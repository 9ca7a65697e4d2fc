import { RecentMap } from '../../../../async/recent-map.ts';
import type { Clock } from '../../../../ports/clock.ts';
import type { MediaTool } from '../../../../ports/media-tool.ts';
import type { ServerFacts } from '../../../../ports/model-server.ts';
import type { EngineSpec } from '../../../../protocol/manifest.ts';
import { type HttpAnswer, type HttpCall, HttpClient, HttpError } from '../../../http/http-client.ts';
import { EngineError } from '../../../tasks/engine-error.ts';
import type { Engine, PreparedUpsample, PromptRequest, UpsampleAnswer } from '../../engine.ts';
import { chatRequestBody, readChatAnswer } from './chat-completion.ts';
import { chooseModel } from './choose-model.ts';
import { answerError, connectionError, takesNoImages, withOwnStatus } from './engine-errors.ts';
import { factsOf, type ListedModel, listModels } from './listed-models.ts';
import { type ServerAddress, serverAddress } from './server-address.ts';

export interface OpenAiEngineDeps {
  readonly spec: EngineSpec;
  readonly media: MediaTool;
  readonly clock: Clock;
  log?(line: string): void;
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
/** Hints whose frames are in memory: prompts that follow each other show the same ones. */
const hintsRemembered = 64;

/** An engine that asks any server with the OpenAI chat completions API, with the frames as JPEG image parts. */
export class OpenAiEngine implements Engine {
  readonly preparesAhead = true;
  readonly #deps: OpenAiEngineDeps;
  readonly #http: HttpClient;
  readonly #frames = new RecentMap<string, Promise<readonly Uint8Array[]>>(hintsRemembered);
  #server: ServerFacts | null = null;
  /** Where nothing else says where the server is. */
  #fixedAddress: ServerAddress | null = null;
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
    const facts = await factsOf(found, address, (url) => this.#get(url, address, signal));
    this.#server = { address: address.shown, model, isListingModels: listed !== null, ...facts };
  }

  /** What the server said at the start; null before that. */
  get server(): ServerFacts | null {
    return this.#server;
  }

  async prepare(request: PromptRequest, signal: AbortSignal): Promise<PreparedUpsample> {
    const frames = await this.#readFrames(request.hintPath, signal);
    return (attempt, askSignal, correction) => {
      const bodyFor = (model: string) =>
        chatRequestBody(this.#deps.spec, model, request, frames, attempt, correction);
      return this.#ask(bodyFor, frames.length, askSignal);
    };
  }

  async stop(): Promise<void> {
    this.#http.close();
  }

  async #readFrames(hintPath: string | null, signal: AbortSignal): Promise<readonly Uint8Array[]> {
    if (hintPath === null) return [];
    const frames = await this.#rememberedFrames(hintPath, signal);
    if (frames.length > 0) return frames;
    throw new EngineError({
      code: 'no-frames',
      class: 'permanent',
      message: 'The hint has no frame to show.',
    });
  }

  /** Hints lie under the hash of their content, so what was read of one stays true. */
  async #rememberedFrames(hintPath: string, signal: AbortSignal): Promise<readonly Uint8Array[]> {
    try {
      return await this.#frames.getOr(hintPath, () => this.#deps.media.readJpegFrames(hintPath, signal));
    } catch (error) {
      this.#frames.forget(hintPath);
      throw error;
    }
  }

  async #ask(
    bodyFor: (model: string) => string,
    frames: number,
    signal: AbortSignal,
  ): Promise<UpsampleAnswer> {
    if (this.#server === null) throw new Error('the engine was asked before it was started');
    const { model, seesImages } = this.#server;
    const address = this.#address();
    if (frames > 0 && seesImages === false)
      throw takesNoImages(model, address.shown, 'as the server says of itself');
    const path = '/chat/completions';
    const timeoutMs = this.#deps.spec.request_timeout_ms;
    const answer = await this.#call(
      { method: 'POST', url: address.url(path), timeoutMs, body: bodyFor(model) },
      address,
      signal,
    );
    if (answer.status !== 200) {
      throw answerError(answer, { path, model, address, nowMs: this.#deps.clock.now() });
    }
    if (!answer.isUtf8) throw notUtf8();
    const { text, refusal, ...facts } = readChatAnswer(answer.body, { model, frames });
    // A server may repeat what it was sent, and answers are stored.
    const said = refusal ? { refusal: address.redact(refusal) } : {};
    return { ...facts, ...said, text: address.redact(text), model: address.redact(facts.model) };
  }

  #address(): ServerAddress {
    const { spec, baseUrl, environment } = this.#deps;
    if (baseUrl) return serverAddress({ ...spec, base_url: baseUrl() }, environment);
    this.#fixedAddress ??= serverAddress(spec, environment);
    return this.#fixedAddress;
  }

  /** The served models; null when the server does not list them. Waits for one that is coming up. */
  async #listModels(address: ServerAddress, signal: AbortSignal): Promise<readonly ListedModel[] | null> {
    const { clock, spec, log } = this.#deps;
    const startedMs = clock.now();
    try {
      for (;;) {
        try {
          const asked = { model: spec.model, nowMs: clock.now() };
          const models = await listModels(address, asked, (url) => this.#get(url, address, signal));
          const waitedS = Math.round((clock.now() - startedMs) / 1000);
          if (this.#waitReason !== null) log?.(`The model server answers after ${waitedS} s.`);
          return models;
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
          if (this.#waitReason === null) log?.(`Waiting for the model server: ${message}`);
          this.#waitReason = message;
        }
        await clock.sleep(startPauseMs, signal);
      }
    } finally {
      this.#waitReason = null;
    }
  }

  async #get(url: URL, address: ServerAddress, signal: AbortSignal): Promise<HttpAnswer> {
    return await this.#call({ method: 'GET', url, timeoutMs: listTimeoutMs }, address, signal);
  }

  async #call(
    call: Omit<HttpCall, 'headers'>,
    address: ServerAddress,
    signal: AbortSignal,
  ): Promise<HttpAnswer> {
    try {
      return withOwnStatus(await this.#http.call({ ...call, headers: address.headers }, signal));
    } catch (error) {
      throw error instanceof HttpError ? connectionError(error, address) : error;
    }
  }
}

/** Read all the same, such an answer would have marks in the place of letters. */
function notUtf8(): EngineError {
  const message = "The server's answer is not valid UTF-8.";
  return new EngineError({ code: 'engine-failed', class: 'transient', message });
}
