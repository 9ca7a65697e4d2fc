import { type IncomingMessage, request } from 'node:http';
import { createInterface } from 'node:readline';
import { type WorkerEvent, workerEventSchema } from '../../protocol/worker-event.ts';

/** How long a worker may take to answer a call that it answers at once, in milliseconds. */
const answerTimeoutMs = 10_000;

/** How long the event stream may be silent, in milliseconds; the worker's heartbeat comes far more often. */
const silenceTimeoutMs = 20_000;

/** The worker's answer to a call. */
export interface ApiAnswer {
  readonly status: number;
  readonly body: string;
}

/** Calls of the worker's API over its unix socket or named pipe. Connection errors pass through. */
export class WorkerApi {
  readonly #socketPath: string;

  constructor(socketPath: string) {
    this.#socketPath = socketPath;
  }

  async get(path: string): Promise<ApiAnswer> {
    return await readAnswer(await this.#open('GET', path, null, answerTimeoutMs));
  }

  async post(path: string, body: unknown): Promise<ApiAnswer> {
    return await readAnswer(await this.#open('POST', path, JSON.stringify(body), answerTimeoutMs));
  }

  /** Lines of `GET /events` until the stream ends, breaks, falls silent, or `signal` aborts. */
  async *events(signal: AbortSignal): AsyncGenerator<WorkerEvent> {
    const response = await this.#open('GET', '/events', null, silenceTimeoutMs);
    const stop = () => response.destroy();
    signal.addEventListener('abort', stop, { once: true });
    try {
      if (signal.aborted) return;
      for await (const line of createInterface({ input: response, crlfDelay: Number.POSITIVE_INFINITY })) {
        const parsed = workerEventSchema.safeParse(parseJson(line));
        if (parsed.success) yield parsed.data;
      }
    } finally {
      signal.removeEventListener('abort', stop);
      response.destroy();
    }
  }

  #open(method: string, path: string, body: string | null, timeoutMs: number): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const headers = body === null ? {} : { 'content-type': 'application/json' };
      const call = request({ socketPath: this.#socketPath, method, path, headers, agent: false }, resolve);
      call.setTimeout(timeoutMs, () => call.destroy(new Error('the worker does not answer')));
      call.once('error', reject);
      call.end(body ?? undefined);
    });
  }
}

async function readAnswer(response: IncomingMessage): Promise<ApiAnswer> {
  const parts: Buffer[] = [];
  for await (const part of response) parts.push(part as Buffer);
  return { status: response.statusCode ?? 0, body: Buffer.concat(parts).toString('utf8') };
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}
