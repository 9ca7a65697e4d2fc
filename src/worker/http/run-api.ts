import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { z } from 'zod';
import type { NumberedManifest, Worker } from '../tasks/worker.ts';
import { ApiError } from './api-error.ts';
import type { EventHub } from './event-stream.ts';
import {
  createJsonServer,
  type Handler,
  type Route,
  type Routes,
  readJsonBody,
  sendJson,
} from './json-server.ts';
import { shutdownRoute } from './shutdown-route.ts';

/** What the API is made of. */
interface ApiParts {
  readonly worker: Pick<Worker, 'submit' | 'status' | 'isStopping'>;
  readonly events: EventHub;
  /** `POST /upscale_batch`. */
  readonly upscaleBatch: Handler;
  readManifest(path: string): Promise<NumberedManifest>;
  /** Asked for by `POST /shutdown`; the answer is sent first. */
  onShutdown(drainMs: number): void;
  /** Called with every request, so that a worker that is talked to is not idle. */
  onRequest(): void;
  log(line: string): void;
}

const manifestRequestSchema = z.object({ manifest_path: z.string().min(1).max(4096) });

/** The HTTP API of a run's worker, not yet listening. */
export function createApiServer(parts: ApiParts): Server {
  return createJsonServer({ ...parts, routes: routesOf(parts) });
}

function routesOf({ worker, events, ...parts }: ApiParts): Routes {
  return new Map<string, Route>([
    ['/healthz', { GET: (_, response) => sendJson(response, 200, { ok: true }) }],
    ['/status', { GET: (_, response) => sendJson(response, 200, worker.status()) }],
    ['/events', { GET: (_, response) => events.add(response, { type: 'status', status: worker.status() }) }],
    [
      '/process_manifest',
      { POST: (request, response) => processManifest({ worker, ...parts }, request, response) },
    ],
    ['/upscale_batch', { POST: parts.upscaleBatch }],
    ['/shutdown', { POST: shutdownRoute((drainMs) => parts.onShutdown(drainMs)) }],
  ]);
}

async function processManifest(
  parts: Pick<ApiParts, 'worker' | 'readManifest'>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { manifest_path: path } = await readJsonBody(request, manifestRequestSchema);
  if (parts.worker.isStopping) throw new ApiError(503, 'shutting-down', 'The worker takes no more work.');
  const queued = await parts.worker.submit(await parts.readManifest(path));
  sendJson(response, 202, { accepted: true, queued_tasks: queued });
}
