import { z } from 'zod';
import { type Handler, readJsonBody, sendJson } from './json-server.ts';

/** How long requests in flight may go on after a shutdown, unless it says otherwise, in milliseconds. */
export const defaultDrainMs = 5_000;

const shutdownRequestSchema = z.object({ drain_ms: z.int().min(0).max(3_600_000).default(defaultDrainMs) });

/** `POST /shutdown { drain_ms }`. The answer is sent before `onShutdown` is called. */
export function shutdownRoute(onShutdown: (drainMs: number) => void): Handler {
  return async (request, response) => {
    const { drain_ms: drainMs } = await readJsonBody(request, shutdownRequestSchema);
    response.once('close', () => onShutdown(drainMs));
    sendJson(response, 202, { accepted: true, drain_ms: drainMs });
  };
}
