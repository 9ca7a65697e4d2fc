import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { z } from 'zod';
import { parseJson } from '../../core/json.ts';
import { AppError, messageOf } from '../../errors/app-error.ts';

/** Answers one request; what it throws becomes the answer. */
export type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<void> | void;

/** Handlers of one path by method. */
export type Route = Readonly<Record<string, Handler>>;

export type Routes = ReadonlyMap<string, Route>;

interface JsonServerOptions {
  readonly routes: Routes;
  /** Called with every request before it is answered. */
  onRequest?(): void;
  /** How long a request may take to arrive; a minute by default. */
  readonly requestTimeoutMs?: number;
  log(line: string): void;
}

/** How long requests in flight may continue after a shutdown, unless it says otherwise, in milliseconds. */
export const defaultDrainMs = 5_000;

const defaultMaxBodyBytes = 64 * 1024;
const defaultRequestTimeoutMs = 60_000;
const shutdownRequestSchema = z.object({ drain_ms: z.int().min(0).max(3_600_000).default(defaultDrainMs) });

/** An HTTP server for these routes, not yet listening. Errors are `{ error: { code, message } }`. */
export function createJsonServer(options: JsonServerOptions): Server {
  const server = createServer((request, response) => {
    options.onRequest?.();
    void handle(options, request, response);
  });
  // Answers may take longer: readers of events stay for hours.
  server.requestTimeout = options.requestTimeoutMs ?? defaultRequestTimeoutMs;
  server.keepAliveTimeout = 30_000;
  return server;
}

export const healthRoute: Route = { GET: (_, response) => sendJson(response, 200, { ok: true }) };

/** `POST /shutdown { drain_ms }`. The answer is sent before `onShutdown` is called. */
export function shutdownRoute(onShutdown: (drainMs: number) => void): Route {
  return {
    POST: async (request, response) => {
      const { drain_ms: drainMs } = await readJsonBody(request, shutdownRequestSchema);
      response.once('close', () => onShutdown(drainMs));
      sendJson(response, 202, { accepted: true, drain_ms: drainMs });
    },
  };
}

/**
 * The request's body. An empty one counts as `{}`.
 *
 * @throws ApiError 413 when it is longer than `maxBytes`, 400 when it does not fit the schema.
 */
export async function readJsonBody<T>(
  request: IncomingMessage,
  schema: z.ZodType<T>,
  maxBytes = defaultMaxBodyBytes,
): Promise<T> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    sizeBytes += chunk.byteLength;
    if (sizeBytes > maxBytes) throw new ApiError(413, 'body-too-large', 'The request body is too large.');
    chunks.push(chunk);
  }
  const text = Buffer.concat(chunks).toString('utf8');
  const json = text.trim() === '' ? {} : parseJson(text);
  if (json === undefined) throw new ApiError(400, 'body-invalid', 'The request body is not JSON.');
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  // A list of many thousands may have as many faults: a few of them say enough.
  const issues = parsed.error.issues.slice(0, 5);
  throw new ApiError(400, 'body-invalid', z.prettifyError(new z.ZodError(issues)));
}

export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(`${JSON.stringify(body)}\n`);
}

async function handle(
  { routes, log }: JsonServerOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    const path = (request.url ?? '').replace(/\?.*$/s, '');
    const route = routes.get(path);
    if (!route) throw new ApiError(404, 'not-found', `There is nothing at ${path.slice(0, 200)}.`);
    const handler = Object.hasOwn(route, request.method ?? '') ? route[request.method ?? ''] : undefined;
    if (!handler) {
      throw new ApiError(405, 'method-not-allowed', `${path} takes ${Object.keys(route).join(', ')} only.`);
    }
    await handler(request, response);
  } catch (error) {
    if (!(error instanceof ApiError)) log(`request failed: ${messageOf(error)}`);
    sendError(response, asApiError(error));
  }
}

function asApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  if (error instanceof AppError && error.code === 'disk-full')
    return new ApiError(507, error.code, error.message);
  return new ApiError(500, 'unexpected', 'The worker could not do this; its log says why.');
}

function sendError(response: ServerResponse, { status, code, message }: ApiError): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  // A body that was not read to its end cannot be followed by another request.
  if (status === 413) response.shouldKeepAlive = false;
  sendJson(response, status, { error: { code, message } });
}

/** A request that the worker refuses: its HTTP status, a stable code, and a message for people. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.name = 'ApiError';
    this.status = status;
    this.code = code;
  }
}
