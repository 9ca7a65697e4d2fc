import { isUtf8 } from 'node:buffer';
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { pipeline, type Readable } from 'node:stream';
import zlib from 'node:zlib';
import { DeadlineError, withDeadline } from '../../async/deadline.ts';
import { GrowingBytes } from '../../core/growing-bytes.ts';

/** An answer, whatever its status. Redirects are answers too: they are never followed, so no key leaves its server. */
export interface HttpAnswer {
  readonly status: number;
  readonly retryAfter: string | null;
  readonly location: string | null;
  readonly body: string;
  /** Whether the body is valid UTF-8; what is not, has marks in its place. */
  readonly isUtf8: boolean;
}

/** One request. The body, if any, is JSON. */
export interface HttpCall {
  readonly method: 'GET' | 'POST';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** From the call to the last byte of the answer. */
  readonly timeoutMs: number;
}

/** No answer, or not the whole of it. */
export class HttpError extends Error {
  readonly reason: 'no-answer' | 'cut-off' | 'timeout' | 'too-large';
  /** The system's or TLS's own error code, if there is one. */
  readonly systemCode: string | null;

  constructor(reason: HttpError['reason'], message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'HttpError';
    this.reason = reason;
    this.systemCode = systemCodeOf(cause);
  }
}

type Sent = { readonly response: IncomingMessage } | { readonly error: Error; readonly isReused: boolean };

/** More than any answer of a few hundred words needs, and little enough to hold in memory per request. */
const maxBodyBytes = 4 * 1024 * 1024;

/**
 * Requests over connections that are kept and used again.
 *
 * `node:http` rather than `fetch`: a model on a CPU may think for longer than the 300 s after which `fetch` gives
 * up waiting for headers, and only this shows whether a connection broke before or within an answer.
 */
export class HttpClient {
  readonly #http: HttpAgent;
  readonly #https: HttpsAgent;

  /** @param environment - Names proxies: HTTP_PROXY, HTTPS_PROXY and NO_PROXY, in small letters too. */
  constructor(environment: Readonly<NodeJS.ProcessEnv> = process.env) {
    this.#http = new HttpAgent({ keepAlive: true, proxyEnv: environment });
    this.#https = new HttpsAgent({ keepAlive: true, proxyEnv: environment });
  }

  /** Rejects with an {@link HttpError}, or with the signal's reason when that aborts. */
  async call(call: HttpCall, signal: AbortSignal): Promise<HttpAnswer> {
    let isAnswering = false;
    const exchange = async (eitherSignal: AbortSignal): Promise<HttpAnswer> => {
      const response = await this.#send(call, eitherSignal);
      isAnswering = true;
      return { ...headOf(response), ...(await readBody(decoded(response))) };
    };
    try {
      return await withDeadline(call.timeoutMs, 'no answer', exchange, signal);
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      if (error instanceof HttpError) throw error;
      if (error instanceof DeadlineError) throw new HttpError('timeout', error.message, error);
      throw new HttpError(isAnswering ? 'cut-off' : 'no-answer', describe(error), error);
    }
  }

  close(): void {
    this.#http.destroy();
    this.#https.destroy();
  }

  /**
   * A server may close a kept connection at the moment it is used again. That says nothing about the server, so
   * the request goes out once more, until it fails on a connection of its own.
   */
  async #send(call: HttpCall, signal: AbortSignal): Promise<IncomingMessage> {
    for (;;) {
      const sent = await this.#sendOnce(call, signal);
      if ('response' in sent) return sent.response;
      if (!sent.isReused || signal.aborted) throw sent.error;
    }
  }

  async #sendOnce(call: HttpCall, signal: AbortSignal): Promise<Sent> {
    const isTls = call.url.protocol === 'https:';
    const body = call.body === undefined ? null : Buffer.from(call.body);
    const common = { ...call.headers, 'accept-encoding': 'gzip, deflate, br' };
    const headers = body
      ? { ...common, 'content-type': 'application/json', 'content-length': body.byteLength }
      : common;
    return await new Promise((resolve) => {
      const options = { method: call.method, headers, signal, agent: isTls ? this.#https : this.#http };
      const request = (isTls ? httpsRequest : httpRequest)(call.url, options, (response) =>
        resolve({ response }),
      );
      request.on('error', (error) => resolve({ error, isReused: request.reusedSocket }));
      request.end(body ?? undefined);
    });
  }
}

function headOf(response: IncomingMessage): Omit<HttpAnswer, 'body' | 'isUtf8'> {
  return {
    status: response.statusCode ?? 0,
    retryAfter: response.headers['retry-after'] ?? null,
    location: response.headers.location ?? null,
  };
}

/** Gateways compress also what was not asked for. */
const decoders: Readonly<Record<string, () => NodeJS.ReadWriteStream>> = {
  gzip: () => zlib.createUnzip(),
  'x-gzip': () => zlib.createUnzip(),
  deflate: () => zlib.createUnzip(),
  br: () => zlib.createBrotliDecompress(),
  // Missing before Node 22.15.
  zstd: () => zlib.createZstdDecompress(),
};

function decoded(response: IncomingMessage): Readable {
  const decoder = decoders[response.headers['content-encoding']?.trim().toLowerCase() ?? '']?.();
  // What breaks the pipeline breaks the reading of its last stream.
  return decoder ? (pipeline(response, decoder, () => undefined) as unknown as Readable) : response;
}

async function readBody(body: Readable): Promise<Pick<HttpAnswer, 'body' | 'isUtf8'>> {
  const growing = new GrowingBytes();
  for await (const chunk of body as AsyncIterable<Buffer>) {
    if (growing.length + chunk.byteLength > maxBodyBytes) {
      throw new HttpError('too-large', `the answer is longer than ${maxBodyBytes / 1024 / 1024} MiB`);
    }
    growing.append(chunk);
  }
  const bytes = growing.take();
  return { body: new TextDecoder().decode(bytes), isUtf8: isUtf8(bytes) };
}

function describe(error: unknown): string {
  // Trying several addresses of a name fails with an AggregateError whose own message is empty.
  if (error instanceof AggregateError) return error.errors.map(describe).join('; ');
  return error instanceof Error ? error.message : String(error);
}

function systemCodeOf(error: unknown): string | null {
  if (!(error instanceof Error) || !('code' in error)) return null;
  return typeof error.code === 'string' ? error.code : null;
}
