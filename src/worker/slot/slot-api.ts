import type { Server } from 'node:http';
import type { z } from 'zod';
import { isDiskFull } from '../../errors/disk-full.ts';
import { isErrno } from '../../errors/system-error.ts';
import {
  type acceptAnswerSchema,
  acceptBundleRequestSchema,
  acceptObjectRequestSchema,
  type missingObjectsAnswerSchema,
  missingObjectsRequestSchema,
  type openRunAnswerSchema,
  openRunRequestSchema,
} from '../../protocol/slot.ts';
import { ApiError } from '../http/api-error.ts';
import { createJsonServer, type Handler, type Route, readJsonBody, sendJson } from '../http/json-server.ts';
import { shutdownRoute } from '../http/shutdown-route.ts';
import { acceptBundle } from './accept-bundle.ts';
import { acceptObject } from './accept-object.ts';
import type { ObjectShelf } from './object-store.ts';
import type { Slot } from './slot.ts';

/** What the API is made of. */
interface SlotApiParts {
  /** The host's root folder. */
  readonly root: string;
  readonly slot: Pick<Slot, 'open' | 'status'>;
  readonly shelf: ObjectShelf;
  /** Asked for by `POST /shutdown`; the answer is sent first. */
  onShutdown(drainMs: number): void;
  /** Runs a request that asks for something: while it lasts, and for a while after, the slot is not idle. */
  whileBusy(work: () => Promise<void>): Promise<void>;
  log(line: string): void;
}

/** Room for as many hashes as a request may name. */
const maxHashesBytes = 16 * 1024 * 1024;
/** That many take a while on a slow line. */
const requestTimeoutMs = 10 * 60_000;

/** The HTTP API of a slot, not yet listening: see `protocol/slot.ts`. */
export function createSlotApi(parts: SlotApiParts): Server {
  const { root, slot, shelf } = parts;
  const route = routesWith(parts);
  const routes = new Map<string, Route>([
    ['/healthz', { GET: (_, response) => sendJson(response, 200, { ok: true }) }],
    ['/status', { GET: (_, response) => sendJson(response, 200, slot.status()) }],
    [
      '/open_run',
      route(openRunRequestSchema, async (run) => {
        const { isAdopted } = await slot.open(run);
        return { run_id: run.run_id, is_adopted: isAdopted } satisfies z.infer<typeof openRunAnswerSchema>;
      }),
    ],
    [
      '/missing_objects',
      route(missingObjectsRequestSchema, ({ sha256s }) => tellMissing(sha256s, shelf), maxHashesBytes),
    ],
    [
      '/accept_bundle',
      route(acceptBundleRequestSchema, async ({ path }) => accepted(await acceptBundle(root, path, shelf))),
    ],
    [
      '/accept_object',
      route(acceptObjectRequestSchema, async ({ path, sha256 }) => {
        await acceptObject(root, path, sha256, shelf);
        return accepted(1);
      }),
    ],
    ['/shutdown', { POST: shutdownRoute((drainMs) => parts.onShutdown(drainMs)) }],
  ]);
  return createJsonServer({ routes, requestTimeoutMs, log: parts.log });
}

/** Makes routes that take a document by `POST` and answer with one. */
function routesWith({ whileBusy }: SlotApiParts) {
  return <T>(schema: z.ZodType<T>, answer: (request: T) => Promise<unknown>, maxBytes?: number): Route => {
    const handler: Handler = (request, response) =>
      whileBusy(async () => {
        const document = await readJsonBody(request, schema, maxBytes);
        sendJson(response, 200, await answer(document).catch(explainDisk));
      });
    return { POST: handler };
  };
}

async function tellMissing(
  sha256s: readonly string[],
  shelf: ObjectShelf,
): Promise<z.infer<typeof missingObjectsAnswerSchema>> {
  return { missing: [...(await shelf.missing(sha256s))] };
}

function accepted(count: number): z.infer<typeof acceptAnswerSchema> {
  return { accepted: count };
}

function explainDisk(error: unknown): never {
  if (isDiskFull(error)) {
    throw new ApiError(507, 'disk-full', 'No space is left on the disk of the host.');
  }
  if (isErrno(error, 'EROFS')) {
    throw new ApiError(507, 'disk-read-only', 'The disk of the host can only be read.');
  }
  throw error;
}
