import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

const serverPath = fileURLToPath(new URL('../../../test/support/stand-in-server.ts', import.meta.url));

const statsSchema = z.object({
  requests: z.int(),
  answered: z.int(),
  max_in_flight: z.int(),
  busy_ms: z.number().nullable(),
  first_request_at_ms: z.number().nullable(),
  contents: z.int(),
});

/** A stand-in for a model's server, as a process of its own. */
export interface StandInProcess {
  readonly baseUrl: string;
  /** What it saw so far; `busy_ms` is the time from the first request to the last answer, `first_request_at_ms` since the Unix epoch. */
  stats(): Promise<z.infer<typeof statsSchema>>;
  /** Resolves when the server is gone: nothing that is measured after that counts. */
  readonly ended: Promise<void>;
}

/** Lets `work` use a server that takes `slots` requests at a time and `latencyMs` for each. */
export async function withStandIn<Result>(
  options: { readonly slots: number; readonly latencyMs: number },
  work: (standIn: StandInProcess) => Promise<Result>,
): Promise<Result> {
  const { slots, latencyMs } = options;
  const child = spawn(
    process.execPath,
    [serverPath, '--slots', String(slots), '--latency-ms', String(latencyMs)],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const ended = once(child, 'close');
  try {
    const [baseUrl] = await Promise.race([
      once(createInterface({ input: child.stdout }), 'line'),
      ended.then(() => Promise.reject(new Error('the stand-in server ended at once'))),
    ]);
    const statsUrl = new URL('/control/stats', String(baseUrl));
    return await work({
      baseUrl: String(baseUrl),
      stats: async () => statsSchema.parse(await (await fetch(statsUrl)).json()),
      ended: ended.then(() => undefined),
    });
  } catch (error) {
    if (child.exitCode === null && child.signalCode === null) throw error;
    throw new Error('the stand-in server was ended while it was needed', { cause: error });
  } finally {
    child.kill('SIGTERM');
    await ended;
  }
}
