import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { z } from 'zod';
import { messageOf } from '../errors/app-error.ts';
import { ApiError } from './api-error.ts';
import type { EventHub } from './event-hub.ts';
import type { NumberedManifest, Worker } from './worker.ts';

/** What the API is made of. */
export interface ApiParts {
  readonly worker: Pick<Worker, 'submit' | 'status' | 'isStopping'>;
  readonly events: EventHub;
  readManifest(path: string): Promise<NumberedManifest>;
  /** Asked for by `POST /shutdown`; the answer is sent first. */
  onShutdown(drainMs: number): void;
  /** Called with every request, so that a worker that is talked to is not idle. */
  onRequest(): void;
  log(line: string): void;
}

/** How long requests in flight may go on after a shutdown, unless it says otherwise, in milliseconds. */
export const defaultDrainMs = 5_000;

const maxBodyBytes = 64 * 1024;
const manifestRequestSchema = z.object({ manifest_path: z.string().min(1).max(4096) });
const shutdownRequestSchema = z.object({ drain_ms: z.int().min(0).max(3_600_000).default(defaultDrainMs) });

type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<void> | void;

/** The worker's HTTP API, not yet listening. Errors are `{ error: { code, message } }`. */
export function createApiServer(parts: ApiParts): Server {
  const routes = routesOf(parts);
  const server = createServer((request, response) => {
    parts.onRequest();
    void handle(routes, request, response, parts.log);
  });
  // Readers of events stay for hours.
  server.requestTimeout = 60_000;
  server.keepAliveTimeout = 30_000;
  return server;
}

function routesOf(parts: ApiParts): ReadonlyMap<string, Readonly<Record<string, Handler>>> {
  return new Map<string, Readonly<Record<string, Handler>>>([
    ['/healthz', { GET: (_, response) => sendJson(response, 200, { ok: true }) }],
    ['/status', { GET: (_, response) => sendJson(response, 200, parts.worker.status()) }],
    [
      '/events',
      { GET: (_, response) => parts.events.add(response, { type: 'status', status: parts.worker.status() }) },
    ],
    ['/process_manifest', { POST: (request, response) => processManifest(parts, request, response) }],
    ['/shutdown', { POST: (request, response) => shutDown(parts, request, response) }],
  ]);
}

async function handle(
  routes: ReturnType<typeof routesOf>,
  request: IncomingMessage,
  response: ServerResponse,
  log: (line: string) => void,
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
    sendError(response, error);
  }
}

async function processManifest(
  parts: ApiParts,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { manifest_path: path } = await readJson(request, manifestRequestSchema);
  if (parts.worker.isStopping) throw new ApiError(503, 'shutting-down', 'The worker takes no more work.');
  const queued = await parts.worker.submit(await parts.readManifest(path));
  sendJson(response, 202, { accepted: true, queued_tasks: queued });
}

async function shutDown(parts: ApiParts, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { drain_ms: drainMs } = await readJson(request, shutdownRequestSchema);
  response.once('close', () => parts.onShutdown(drainMs));
  sendJson(response, 202, { accepted: true, drain_ms: drainMs });
}

/** An empty body counts as `{}`. */
async function readJson<T>(request: IncomingMessage, schema: z.ZodType<T>): Promise<T> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    sizeBytes += chunk.byteLength;
    if (sizeBytes > maxBodyBytes) throw new ApiError(413, 'body-too-large', 'The request body is too large.');
    chunks.push(chunk);
  }
  const text = Buffer.concat(chunks).toString('utf8');
  let json: unknown;
  try {
    json = text.trim() === '' ? {} : JSON.parse(text);
  } catch {
    throw new ApiError(400, 'body-invalid', 'The request body is not JSON.');
  }
  const parsed = schema.safeParse(json);
  if (!parsed.success) throw new ApiError(400, 'body-invalid', z.prettifyError(parsed.error));
  return parsed.data;
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(`${JSON.stringify(body)}\n`);
}

function sendError(response: ServerResponse, error: unknown): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  const facts =
    error instanceof ApiError
      ? error
      : new ApiError(500, 'unexpected', 'The worker could not do this; its log says why.');
  // A body that was not read to its end cannot be followed by another request.
  if (facts.status === 413) response.shouldKeepAlive = false;
  sendJson(response, facts.status, { error: { code: facts.code, message: facts.message } });
}
