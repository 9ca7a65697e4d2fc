import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { type ChatAsk, readChatAsk } from './chat-request.ts';
import { pixtralTokens, textTokens } from './count-tokens.ts';
import { type Fault, FaultPlan, type FaultRule } from './faults.ts';
import { Slots } from './slots.ts';
import { StandInStats } from './stats.ts';
import { writeAnswer } from './write-answer.ts';

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
  readonly seed?: number;
}

/** A stand-in that runs: an OpenAI-compatible server with known behaviour. */
export class StandInServer {
  readonly stats = new StandInStats();
  readonly #options: Required<StandInOptions>;
  readonly #faults: FaultPlan;
  readonly #slots: Slots;
  readonly #server: Server;

  constructor(options: StandInOptions) {
    this.#options = {
      port: 0,
      slots: 8,
      latencyMs: 0,
      models: ['stand-in'],
      listsModels: true,
      apiKey: '',
      maxImages: 2,
      seed: 1,
      ...options,
    };
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

  async stop(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    await closed;
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const route = `${request.method} ${request.url}`;
    if (route === 'GET /control/stats') return sendJson(response, 200, this.stats);
    if (route === 'POST /control/fault') {
      this.setFault(JSON.parse(await readBody(request)));
      return sendJson(response, 200, {});
    }
    if (!this.#isAuthorized(request)) {
      return sendError(
        response,
        401,
        `Incorrect API key provided: ${request.headers.authorization ?? 'none'}`,
      );
    }
    if (route === 'GET /v1/models' && this.#options.listsModels) {
      return sendJson(response, 200, { object: 'list', data: this.#options.models.map((id) => ({ id })) });
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
    const fault = this.#faults.next(ask.text);
    if (fault && misbehave(fault, ask, response)) return;
    await this.#slots.use(() => this.#answer(ask, fault, response));
  }

  async #answer(ask: ChatAsk, fault: Fault | null, response: ServerResponse): Promise<void> {
    if (response.destroyed) return;
    await delay(this.#options.latencyMs);
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
    const text = textFor(ask, fault);
    const finishReason = fault?.kind === 'answer' ? (fault.finishReason ?? 'stop') : 'stop';
    sendJson(response, 200, completion(ask, text, finishReason));
    if (!fault) this.stats.answeredWell(ask);
  }
}

/** True when the fault was the whole answer. */
function misbehave(fault: Fault, ask: ChatAsk, response: ServerResponse): boolean {
  switch (fault.kind) {
    case 'answer':
    case 'answer-with-noise':
    case 'echo':
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

function textFor(ask: ChatAsk, fault: Fault | null): string {
  if (fault?.kind === 'answer') return fault.text;
  if (fault?.kind === 'echo') return ask.text;
  const noise = fault?.kind === 'answer-with-noise' ? ' noise'.repeat(fault.words) : '';
  return writeAnswer(ask.contentKey) + noise;
}

function completion(ask: ChatAsk, text: string, finishReason: string) {
  const prompt = promptTokens(ask);
  const output = textTokens(text);
  return {
    id: `chatcmpl-${ask.contentKey.slice(0, 12)}`,
    object: 'chat.completion',
    model: ask.model,
    choices: [{ index: 0, message: { role: 'assistant', content: text }, finish_reason: finishReason }],
    usage: { prompt_tokens: prompt, completion_tokens: output, total_tokens: prompt + output },
  };
}

/** Vision, text, and the three control tokens around them. */
function promptTokens(ask: ChatAsk): number {
  return ask.imageSizes.reduce((sum, size) => sum + pixtralTokens(size), textTokens(ask.text) + 3);
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

function sendError(response: ServerResponse, status: number, message: string): void {
  if (!response.headersSent) sendJson(response, status, { error: { message, type: 'error', code: status } });
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}
