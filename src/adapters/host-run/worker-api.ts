import { type Agent, type IncomingMessage, request } from 'node:http';
import { parseJsonAs } from '../../core/json.ts';
import { AppError } from '../../errors/app-error.ts';
import { type WorkerEvent, workerEventSchema } from '../../protocol/worker-event.ts';

/** How long a worker may take to answer a call that it answers at once, in milliseconds. */
const answerTimeoutMs = 10_000;

/** How long the event stream may be silent, in milliseconds; the worker's heartbeat comes far more often. */
const silenceTimeoutMs = 20_000;

/** Longest answer that is taken, in bytes: the hashes of 200,000 objects have 13 MB. */
const maxAnswerBytes = 32 * 1024 * 1024;

/** Longest line of the event stream, in characters: it holds one result. */
const maxLineLength = 4 * 1024 * 1024;

/** The worker's answer to a call. */
interface ApiAnswer {
  readonly status: number;
  readonly body: string;
}

/** How the worker is reached: its socket on this machine, or an agent whose connections end there. */
type WorkerAddress = { readonly socketPath: string } | { readonly agent: Agent };

/** Calls of an API of the worker, over its unix socket or named pipe. Connection errors pass through. */
export class WorkerApi {
  readonly #address: WorkerAddress;

  constructor(address: WorkerAddress) {
    this.#address = address;
  }

  async get(path: string, timeoutMs = answerTimeoutMs): Promise<ApiAnswer> {
    return await this.#call('GET', path, null, timeoutMs);
  }

  async post(path: string, body: unknown, timeoutMs = answerTimeoutMs): Promise<ApiAnswer> {
    return await this.#call('POST', path, JSON.stringify(body), timeoutMs);
  }

  /**
   * Whether somebody answers.
   *
   * @throws AppErrors of the way there, which say that nobody knows.
   */
  async isAnswering(): Promise<boolean> {
    try {
      return (await this.get('/healthz')).status === 200;
    } catch (error) {
      if (error instanceof AppError) throw error;
      return false;
    }
  }

  /** Lines of `GET /events` until the stream ends, breaks, falls silent, or `signal` aborts. */
  async *events(signal: AbortSignal): AsyncGenerator<WorkerEvent> {
    const silence = new AbortController();
    const timer = setTimeout(() => silence.abort(new Error('the worker is silent')), silenceTimeoutMs);
    try {
      const response = await this.#open('GET', '/events', null, AbortSignal.any([signal, silence.signal]));
      for await (const line of linesOf(response)) {
        timer.refresh();
        const event = parseJsonAs(workerEventSchema, line);
        if (event) yield event;
      }
    } finally {
      clearTimeout(timer);
      // Ends the request also when the reader stopped early.
      silence.abort();
    }
  }

  async #call(method: string, path: string, body: string | null, timeoutMs: number): Promise<ApiAnswer> {
    const response = await this.#open(method, path, body, AbortSignal.timeout(timeoutMs));
    const parts: Buffer[] = [];
    let sizeBytes = 0;
    for await (const part of response as AsyncIterable<Buffer>) {
      sizeBytes += part.length;
      if (sizeBytes > maxAnswerBytes) throw new Error('the answer is too long');
      parts.push(part);
    }
    return { status: response.statusCode ?? 0, body: Buffer.concat(parts).toString('utf8') };
  }

  #open(method: string, path: string, body: string | null, signal: AbortSignal): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const headers =
        body === null
          ? {}
          : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
      const agent = 'agent' in this.#address ? {} : { agent: false as const };
      const call = request({ host: 'worker', ...this.#address, ...agent, method, path, headers, signal });
      call.once('response', resolve);
      call.on('error', reject);
      // Node heeds the signal only from when there is a connection, which may take as long as the host is away.
      const giveUp = () => {
        reject(signal.reason);
        call.destroy();
      };
      if (signal.aborted) giveUp();
      else signal.addEventListener('abort', giveUp, { once: true });
      call.end(body ?? undefined);
    });
  }
}

async function* linesOf(response: IncomingMessage): AsyncGenerator<string> {
  let rest = '';
  response.setEncoding('utf8');
  for await (const chunk of response as AsyncIterable<string>) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > maxLineLength) throw new Error('a line is too long');
    yield* lines;
  }
}
