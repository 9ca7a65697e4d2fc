import { z } from 'zod';
import { parseJsonAs } from '../../core/json.ts';
import type { Clock } from '../../ports/clock.ts';
import type { HostRun } from '../../ports/host.ts';
import type { SharedStore } from '../../ports/shared-store.ts';
import { layout } from '../../protocol/layout.ts';
import { isSegmentEngine, type WorkBatch, type WorkEngine } from '../../protocol/manifest.ts';
import { canaryDifference, makeCanary } from '../host-run/canary.ts';

const canarySchema = z.object({
  sha256: z.string(),
  encoder: z.string(),
  parameterSets: z.string(),
  frames: z.string(),
});

/**
 * Lets a machine work on the segments of a run when it makes of a tiny clip what the first machine of the run made of it:
 * that stands in the store.
 */
export function admitByCanary(store: SharedStore, clock: Clock) {
  return async (
    run: HostRun,
    runId: string,
    { batch, engine }: { readonly batch: WorkBatch; readonly engine: WorkEngine },
    signal: AbortSignal,
  ): Promise<string | null> => {
    const [task] = batch.tasks;
    if (!isSegmentEngine(engine) || !task || !('clip' in task)) return null;
    const found = await makeCanary(run, task.clip, engine, { clock, signal });
    const path = `${layout.run(runId)}/${layout.canary}`;
    const isValid = (bytes: Uint8Array) => parseJsonAs(canarySchema, bytes) !== null;
    const kept = await store.files.publishOnce(path, JSON.stringify(found), isValid);
    const expected = kept && parseJsonAs(canarySchema, kept);
    return expected ? canaryDifference(expected, found, engine) : null;
  };
}
