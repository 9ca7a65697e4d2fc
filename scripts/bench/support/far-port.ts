import { once } from 'node:events';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { z } from 'zod';
import { startFaultProxy } from '../../../test/support/lab/fault-proxy.ts';

const orderSchema = z.object({ targetPort: z.int(), delayMs: z.number() });

/** A port of this machine that leads to another one as if that were far away. */
export interface FarPort extends AsyncDisposable {
  readonly port: number;
}

/** Opens one, in a thread of its own, so that what is measured in this one does not wait for it. */
export async function openFarPort(targetPort: number, roundTripMs: number): Promise<FarPort> {
  const order: z.infer<typeof orderSchema> = { targetPort, delayMs: roundTripMs / 2 };
  const thread = new Worker(new URL(import.meta.url), { workerData: order });
  const [port] = await once(thread, 'message');
  return {
    port: z.int().parse(port),
    [Symbol.asyncDispose]: async () => {
      await thread.terminate();
    },
  };
}

if (!isMainThread) {
  const { targetPort, delayMs } = orderSchema.parse(workerData);
  const proxy = await startFaultProxy(targetPort);
  proxy.delayMs = delayMs;
  parentPort?.postMessage(proxy.port);
}
