import { type Agent, type IncomingMessage, request } from 'node:http';
import { onAbort } from '../../async/abort.ts';
import { armDeadline } from '../../async/deadline.ts';
import { GrowingBytes } from '../../core/growing-bytes.ts';
import { AppError } from '../../errors/app-error.ts';
import type { WorkerEvent } from '../../protocol/worker-event.ts';
import { readStreamAtMost, TooMuchError } from '../bounded-stream.ts';
import { readWorkerEvent } from './read-worker-event.ts';

/** How long a worker may take to answer a call that it answers at once, in milliseconds. */
const answerTimeoutMs = 10_000;

/** How long the event stream may be silent, in milliseconds; the worker's heartbeat comes far more often. */
const silenceTimeoutMs = 20_000;

/** Longest answer that is taken, in bytes, beside what was asked: an answer about hashes may name all of them. */
const maxAnswerBytes = 1024 * 1024;

/** Longest line of the event stream, in bytes: it holds one result. */
const maxLineLength = 4 * 1024 * 1024;

interface ApiAnswer {
  readonly status: number;
  readonly body: string;
}

/** How the worker is reached: its socket on this machine, or an agent whose connections end there. */
type WorkerAddress = { readonly socketPath: string } | { readonly agent: Agent };

/**
 * Calls of a worker's API, over its unix socket or named pipe. Connection errors pass through; an answer or an event without
 * an end is an AppError `worker-failed`.
 */
export class WorkerApi {
  readonly #address: WorkerAddress;
  readonly #hostName: string;

  /** @param hostName - For people: where the worker runs. */
  constructor(address: WorkerAddress, hostName = 'local') {
    this.#address = address;
    this.#hostName = hostName;
  }

  async get(path: string, timeoutMs = answerTimeoutMs): Promise<ApiAnswer> {
    return await this.#call('GET', path, null, timeoutMs);
  }

  async post(path: string, body: unknown, timeoutMs = answerTimeoutMs): Promise<ApiAnswer> {
    return await this.#call('POST', path, JSON.stringify(body), timeoutMs);
  }

  /** Whether the worker answers. @throws AppErrors of the connection to its host: the worker may run then. */
  async isAnswering(): Promise<boolean> {
    try {
      return (await this.get('/healthz')).status === 200;
    } catch (error) {
      if (error instanceof AppError) throw error;
      return false;
    }
  }

  /** Lines of `GET /events` until the stream ends, breaks, is silent for too long, or `signal` aborts. */
  async *events(signal: AbortSignal): AsyncGenerator<WorkerEvent> {
    const ended = new AbortController();
    const deadline = armDeadline(
      silenceTimeoutMs,
      () => false,
      () => ended.abort(new Error('the worker is silent')),
    );
    try {
      const response = await this.#open('GET', '/events', null, AbortSignal.any([signal, ended.signal]));
      for await (const line of linesOf(response)) {
        const event = readWorkerEvent(line);
        if (event === null) continue;
        deadline.restart();
        yield event;
      }
    } catch (error) {
      throw error instanceof TooMuchError ? this.#endless('/events', error) : error;
    } finally {
      deadline.disarm();
      // Ends the request also when the reader stopped early.
      ended.abort();
    }
  }

  async #call(method: string, path: string, body: string | null, timeoutMs: number): Promise<ApiAnswer> {
    const response = await this.#open(method, path, body, AbortSignal.timeout(timeoutMs));
    try {
      const bytes = await readStreamAtMost(response, maxAnswerBytes + 2 * (body?.length ?? 0));
      return { status: response.statusCode ?? 0, body: bytes.toString('utf8') };
    } catch (error) {
      throw error instanceof TooMuchError ? this.#endless(path, error) : error;
    }
  }

  #endless(path: string, cause: TooMuchError): AppError {
    return new AppError({
      code: 'worker-failed',
      message: `${this.#hostName}: a worker's answer to ${path} cannot be right: ${cause.message}.`,
      nextStep:
        'Something else than a worker of cosmos listens on its socket. Check the host; then resume the run.',
      cause,
    });
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
      // Node observes the signal only once there is a connection, which takes long while the host is unreachable.
      onAbort(signal, (reason) => {
        reject(reason);
        call.destroy();
      });
      call.end(body ?? undefined);
    });
  }
}

async function* linesOf(response: IncomingMessage): AsyncGenerator<Uint8Array> {
  const rest = new GrowingBytes();
  for await (const chunk of response as AsyncIterable<Buffer>) {
    let from = 0;
    for (let end = chunk.indexOf(lineEnd); end >= 0; end = chunk.indexOf(lineEnd, from)) {
      rest.append(chunk.subarray(from, end));
      yield rest.take();
      from = end + 1;
    }
    rest.append(chunk.subarray(from));
    if (rest.length > maxLineLength) throw new TooMuchError(maxLineLength);
  }
}

const lineEnd = 0x0a;
