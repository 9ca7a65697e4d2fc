import type { Server } from 'node:http';
import type { z } from 'zod';
import { isDiskFull, isErrno } from '../../errors/system-error.ts';
import {
  type acceptAnswerSchema,
  acceptBundleRequestSchema,
  acceptObjectRequestSchema,
  type missingObjectsAnswerSchema,
  missingObjectsRequestSchema,
  type openRunAnswerSchema,
  openRunRequestSchema,
} from '../../protocol/slot.ts';
import {
  ApiError,
  createJsonServer,
  healthRoute,
  type Route,
  type Routes,
  readJsonBody,
  sendJson,
  shutdownRoute,
} from '../http/json-server.ts';
import { acceptBundle } from './bundles.ts';
import type { ObjectFolder } from './object-folder.ts';
import type { Slot } from './slot.ts';
import { acceptObject } from './uploads.ts';

interface SlotApiDeps {
  readonly root: string;
  readonly slot: Pick<Slot, 'open' | 'status'>;
  readonly objects: ObjectFolder;
  /** Called for `POST /shutdown`; the answer is sent first. */
  onShutdown(drainMs: number): void;
  /** Runs a request that asks for something: while it lasts, and for a while after, the slot is not idle. */
  whileBusy(work: () => Promise<void>): Promise<void>;
  log(line: string): void;
}

/** Room for as many hashes as a request may name. */
const maxHashesBytes = 16 * 1024 * 1024;
/** That many take a while over a slow connection. */
const requestTimeoutMs = 10 * 60_000;

/** The HTTP API of a slot, not yet listening: see `protocol/slot.ts`. */
export function createSlotApi({ root, slot, objects, whileBusy, onShutdown, log }: SlotApiDeps): Server {
  /** A route that takes a document by `POST` and answers with one. */
  const route = <T, Answer>(
    schema: z.ZodType<T>,
    answer: (request: T) => Promise<Answer>,
    maxBytes?: number,
  ): Route => ({
    POST: (request, response) =>
      whileBusy(async () => {
        const document = await readJsonBody(request, schema, maxBytes);
        sendJson(response, 200, await answer(document).catch(explainDisk));
      }),
  });
  const routes: Routes = new Map([
    ['/healthz', healthRoute],
    ['/status', { GET: (_, response) => sendJson(response, 200, slot.status()) }],
    [
      '/open_run',
      route(openRunRequestSchema, async (run): Promise<z.infer<typeof openRunAnswerSchema>> => {
        const { isAdopted } = await slot.open(run);
        return { run_id: run.run_id, is_adopted: isAdopted };
      }),
    ],
    [
      '/missing_objects',
      route(
        missingObjectsRequestSchema,
        async ({ sha256s }): Promise<z.infer<typeof missingObjectsAnswerSchema>> => ({
          missing: [...(await objects.missing(sha256s))],
        }),
        maxHashesBytes,
      ),
    ],
    [
      '/accept_bundle',
      route(acceptBundleRequestSchema, async ({ path }) => accepted(await acceptBundle(root, path, objects))),
    ],
    [
      '/accept_object',
      route(acceptObjectRequestSchema, async ({ path, sha256 }) => {
        await acceptObject(root, path, sha256, objects);
        return accepted(1);
      }),
    ],
    ['/shutdown', shutdownRoute(onShutdown)],
  ]);
  return createJsonServer({ routes, requestTimeoutMs, log });
}

function accepted(count: number): z.infer<typeof acceptAnswerSchema> {
  return { accepted: count };
}

function explainDisk(error: unknown): never {
  if (isDiskFull(error)) {
    throw new ApiError(507, 'disk-full', 'No space is left on the disk of the host.');
  }
  if (isErrno(error, 'EROFS')) {
    throw new ApiError(507, 'disk-read-only', 'The disk of the host is read-only.');
  }
  throw error;
}
