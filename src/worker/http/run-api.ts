import type { Server } from 'node:http';
import { z } from 'zod';
import { taskKeySchema } from '../../protocol/identifiers.ts';
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
  /** Drops those of these tasks that are not started; gives their keys. */
  withdraw(taskKeys: readonly string[]): Promise<readonly string[]>;
  onShutdown(drainMs: number): void;
  /** Called with every request: a worker that is asked something is not idle. */
  onRequest(): void;
  log(line: string): void;
}

const manifestRequestSchema = z.object({ manifest_path: z.string().min(1).max(4096) });

const withdrawRequestSchema = z.object({ task_keys: z.array(taskKeySchema).max(200_000) });
/** The keys of 200,000 tasks. */
const maxWithdrawBytes = 16 * 1024 * 1024;

export function createRunApi({
  events,
  kindRoutes,
  status,
  submit,
  withdraw,
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
    [
      '/withdraw',
      {
        POST: async (request, response) => {
          const { task_keys: keys } = await readJsonBody(request, withdrawRequestSchema, maxWithdrawBytes);
          sendJson(response, 200, { withdrawn: await withdraw(keys) });
        },
      },
    ],
    ['/shutdown', shutdownRoute(onShutdown)],
  ]);
  return createJsonServer({ ...deps, routes });
}
