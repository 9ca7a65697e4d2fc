import type { Server } from 'node:http';
import { z } from 'zod';
import type { WorkerStatus } from '../../protocol/worker-status.ts';
import type { EventStream } from './event-stream.ts';
import {
  createJsonServer,
  healthRoute,
  type Routes,
  readJsonBody,
  sendJson,
  shutdownRoute,
} from './json-server.ts';

interface RunApiDeps {
  readonly events: EventStream;
  readonly kindRoutes: Routes;
  status(): WorkerStatus;
  /** Takes in the manifest at this path; gives how many of its tasks were queued. */
  submit(manifestPath: string): Promise<number>;
  onShutdown(drainMs: number): void;
  /** Called with every request: a worker that is asked something is not idle. */
  onRequest(): void;
  log(line: string): void;
}

const manifestRequestSchema = z.object({ manifest_path: z.string().min(1).max(4096) });

export function createRunApi({
  events,
  kindRoutes,
  status,
  submit,
  onShutdown,
  ...deps
}: RunApiDeps): Server {
  const routes: Routes = new Map([
    ...kindRoutes,
    ['/healthz', healthRoute],
    ['/status', { GET: (_, response) => sendJson(response, 200, status()) }],
    ['/events', { GET: (_, response) => events.add(response, { type: 'status', status: status() }) }],
    [
      '/process_manifest',
      {
        POST: async (request, response) => {
          const { manifest_path: path } = await readJsonBody(request, manifestRequestSchema);
          sendJson(response, 202, { accepted: true, queued_tasks: await submit(path) });
        },
      },
    ],
    ['/shutdown', shutdownRoute(onShutdown)],
  ]);
  return createJsonServer({ ...deps, routes });
}
