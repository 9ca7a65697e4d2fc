import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { type ChatAsk, readChatAsk } from './chat-request.ts';
import { pixtralTokens, textTokens } from './count-tokens.ts';
import { type AnswerEnd, type Fault, FaultPlan, type FaultRule } from './faults.ts';
import { RequestGate } from './request-gate.ts';
import { Slots } from './slots.ts';
import { StandInStats } from './stats.ts';
import { writeAnswer } from './write-answer.ts';
import { breakJson, writeJsonAnswer } from './write-json-answer.ts';

/** How a stand-in behaves. */
export interface StandInOptions {
  /** 0, the default, takes any free one. */
  readonly port?: number;
  /** Requests worked on at the same time; others wait, as in vLLM. */
  readonly slots?: number;
  /** How long one request takes in its slot, in milliseconds. */
  readonly latencyMs?: number;
  readonly models?: readonly string[];
  /** Whether `GET /models` works. */
  readonly listsModels?: boolean;
  /** Required as a bearer token, unless empty. */
  readonly apiKey?: string;
  readonly maxImages?: number;
  /** Longest prompt and output together, in tokens; any, unless given. */
  readonly maxModelLen?: number;
  /** What text and chat template have together, whatever the text; unless given, the text is counted. */
  readonly textOffset?: number | null;
  /** Whether `GET /health` says that it is well. */
  readonly isHealthy?: boolean;
  /** Told of every prompt that comes in. */
  readonly onAsk?: (text: string) => void;
  readonly seed?: number;
}

/** A stand-in that runs: an OpenAI-compatible server with known behaviour. */
export class StandInServer {
  readonly stats = new StandInStats();
  readonly #options: Required<StandInOptions>;
  readonly #faults: FaultPlan;
  readonly #slots: Slots;
  readonly #gate = new RequestGate();
  readonly #server: Server;
  #isWell: boolean;

  constructor(options: StandInOptions) {
    this.#options = {
      port: 0,
      slots: 8,
      latencyMs: 0,
      models: ['stand-in'],
      listsModels: true,
      apiKey: '',
      maxImages: 2,
      maxModelLen: Number.POSITIVE_INFINITY,
      textOffset: null,
      isHealthy: true,
      onAsk: () => undefined,
      seed: 1,
      ...options,
    };
    this.#isWell = this.#options.isHealthy;
    this.#faults = new FaultPlan(this.#options.seed);
    this.#slots = new Slots(this.#options.slots);
    this.#server = createServer((request, response) => {
      this.#handle(request, response).catch((error: unknown) => sendError(response, 500, String(error)));
    });
    this.#server.keepAliveTimeout = 60_000;
    this.#server.on('connection', () => {
      this.stats.connections += 1;
    });
  }

  /** Starts to listen; gives the base URL. */
  async listen(): Promise<string> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(this.#options.port, '127.0.0.1', resolve);
    });
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('the stand-in listens on no port');
    return `http://127.0.0.1:${address.port}/v1`;
  }

  setFault(rule: FaultRule | null): void {
    this.#faults.set(rule);
  }

  /** Answers only so many more chat requests whose text holds this; others of them are taken in, and wait. */
  limit(passes: number, textIncludes = ''): void {
    this.#gate.set(passes, textIncludes);
  }

  async stop(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    this.limit(Number.POSITIVE_INFINITY);
    await closed;
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const route = `${request.method} ${request.url}`;
    if (route === 'GET /control/stats') return sendJson(response, 200, this.stats);
    if (route === 'POST /control/fault') {
      this.setFault(JSON.parse(await readBody(request)));
      return sendJson(response, 200, {});
    }
    // As in vLLM, these need no key.
    if (route === 'GET /health') {
      response.writeHead(this.#isWell ? 200 : 503).end();
      return;
    }
    if (route === 'GET /metrics') return sendMetrics(response, this.stats, this.#options);
    if (!this.#isAuthorized(request)) {
      return sendError(
        response,
        401,
        `Incorrect API key provided: ${request.headers.authorization ?? 'none'}`,
      );
    }
    if (route === 'GET /v1/models' && this.#options.listsModels) {
      // As in vLLM; a server without a limit says nothing of one.
      const { models, maxModelLen } = this.#options;
      const context = Number.isFinite(maxModelLen) ? { max_model_len: maxModelLen } : {};
      return sendJson(response, 200, { object: 'list', data: models.map((id) => ({ id, ...context })) });
    }
    if (route === 'POST /v1/chat/completions') return await this.#count(request, response);
    sendError(response, 404, 'Not Found');
  }

  #isAuthorized(request: IncomingMessage): boolean {
    const { apiKey } = this.#options;
    return apiKey === '' || request.headers.authorization === `Bearer ${apiKey}`;
  }

  async #count(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.stats.enter();
    response.once('close', () => this.stats.leave());
    const body = await readBody(request);
    let ask: ChatAsk;
    try {
      ask = readChatAsk(body);
    } catch (error) {
      return sendError(response, 400, `Bad request: ${String(error)}`);
    }
    this.stats.asked(ask);
    this.#options.onAsk(ask.text);
    await this.#gate.pass(ask.text);
    if (response.destroyed) return;
    const fault = this.#faults.next(ask.text, ask.seed);
    if (fault?.kind === 'sicken') this.#isWell = false;
    else if (fault && misbehave(fault, ask, response)) return;
    await this.#slots.use(() => this.#answer(ask, fault, response));
  }

  async #answer(ask: ChatAsk, fault: Fault | null, response: ServerResponse): Promise<void> {
    if (response.destroyed) return;
    await delay(this.#isWell ? this.#options.latencyMs : 0);
    if (!this.#isWell)
      return sendError(response, 500, 'EngineCore encountered an issue. See stack trace above.');
    if (!this.#options.models.includes(ask.model)) {
      return sendError(response, 404, `The model \`${ask.model}\` does not exist.`);
    }
    if (ask.imageSizes.length > this.#options.maxImages) {
      return sendError(
        response,
        400,
        `At most ${this.#options.maxImages} image(s) may be provided in one prompt.`,
      );
    }
    const tooLong = contextError(ask, this.#options);
    if (tooLong !== null) return sendError(response, 400, tooLong);
    const text = textFor(ask, fault);
    sendJson(response, 200, completion(ask, text, fault?.kind === 'answer' ? fault : {}, this.#options));
    if (!fault) this.stats.answeredWell(ask);
  }
}

/** True when the fault was the whole answer. */
function misbehave(fault: Fault, ask: ChatAsk, response: ServerResponse): boolean {
  switch (fault.kind) {
    case 'answer':
    case 'answer-with-noise':
    case 'broken-json':
    case 'echo':
    case 'sicken':
      return false;
    case 'status':
      if (fault.retryAfter !== undefined) response.setHeader('retry-after', fault.retryAfter);
      sendError(response, fault.status, fault.message);
      return true;
    case 'body':
      response.writeHead(200, { 'content-type': 'application/json' }).end(fault.body);
      return true;
    case 'over-length':
      sendError(
        response,
        400,
        `This model's maximum context length is 4096 tokens. However, you requested ${promptTokens(ask) + ask.maxTokens} tokens.`,
      );
      return true;
    case 'hang':
      return true;
    case 'die':
      process.kill(process.pid, 'SIGKILL');
      return true;
    case 'freeze':
      for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 60_000);
    case 'reset':
      response.socket?.resetAndDestroy();
      return true;
    case 'reset-mid-body':
      response.writeHead(200, { 'content-length': 1000 });
      response.write('{"choices":[', () => setTimeout(() => response.socket?.resetAndDestroy(), 20));
      return true;
    case 'huge':
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(`{"choices":[{"message":{"content":"${'x'.repeat(8 * 1024 * 1024)}"}}]}`);
      return true;
  }
}

/** vLLM's words for a request that does not fit, or null. */
function contextError(ask: ChatAsk, options: Counting & { readonly maxModelLen: number }): string | null {
  const { maxModelLen } = options;
  const prompt = promptTokens(ask, options);
  if (prompt > maxModelLen) {
    return `The decoder prompt (length ${prompt}) is longer than the maximum model length of ${maxModelLen}. Make sure that \`max_model_len\` is no smaller than the number of text tokens plus multimodal tokens.`;
  }
  if (prompt + ask.maxTokens <= maxModelLen) return null;
  return `This model's maximum context length is ${maxModelLen} tokens. However, you requested ${prompt + ask.maxTokens} tokens (${prompt} in the messages, ${ask.maxTokens} in the completion). Please reduce the length of the messages or completion.`;
}

function textFor(ask: ChatAsk, fault: Fault | null): string {
  if (fault?.kind === 'answer') return fault.text;
  if (fault?.kind === 'echo') return ask.text;
  if (ask.responseSchema) {
    const json = writeJsonAnswer(ask.responseSchema, ask.contentKey);
    return fault?.kind === 'broken-json' ? breakJson(json, ask.contentKey) : json;
  }
  const noise = fault?.kind === 'answer-with-noise' ? ' noise'.repeat(fault.words) : '';
  return writeAnswer(ask.contentKey) + noise;
}

function completion(
  ask: ChatAsk,
  text: string,
  { finishReason = 'stop', outputTokens }: AnswerEnd,
  counting: Counting,
) {
  const prompt = promptTokens(ask, counting);
  // What was cut off, reasoning included, has as many tokens as it may have.
  const output = outputTokens ?? (finishReason === 'length' ? ask.maxTokens : textTokens(text));
  return {
    id: `chatcmpl-${ask.contentKey.slice(0, 12)}`,
    object: 'chat.completion',
    model: ask.model,
    choices: [{ index: 0, message: { role: 'assistant', content: text }, finish_reason: finishReason }],
    usage: { prompt_tokens: prompt, completion_tokens: output, total_tokens: prompt + output },
  };
}

interface Counting {
  readonly textOffset: number | null;
}

/** Vision, text, and the three control tokens around them, unless text and template have a count of their own. */
function promptTokens(ask: ChatAsk, { textOffset }: Counting = { textOffset: null }): number {
  const text = textOffset ?? textTokens(ask.text) + 3;
  return ask.imageSizes.reduce((sum, size) => sum + pixtralTokens(size), text);
}

function sendMetrics(
  response: ServerResponse,
  stats: StandInStats,
  { slots, models }: Required<StandInOptions>,
): void {
  const running = Math.min(stats.inFlight, slots);
  const label = `{model_name="${models[0] ?? ''}"}`;
  const lines = [
    '# TYPE vllm:num_requests_running gauge',
    `vllm:num_requests_running${label} ${running}`,
    '# TYPE vllm:num_requests_waiting gauge',
    `vllm:num_requests_waiting${label} ${stats.inFlight - running}`,
  ];
  response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' }).end(`${lines.join('\n')}\n`);
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

function sendError(response: ServerResponse, status: number, message: string): void {
  const type = status === 400 ? 'BadRequestError' : status === 404 ? 'NotFoundError' : 'error';
  if (!response.headersSent)
    sendJson(response, status, { error: { message, type, param: null, code: status } });
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}
