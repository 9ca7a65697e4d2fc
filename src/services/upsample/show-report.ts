import { endStatusOf, type UpsampleSummary } from '../../core/upsample/upsample-summary.ts';
import type { Ports } from '../../ports/ports.ts';
import { stateOf } from './resume-run.ts';
import { summaryOfUpsample } from './summarise-upsample.ts';
import { writeUpsampleReport } from './write-upsample-report.ts';

/** Writes both reports of a run anew, as it stands, and sums it up. Needs no lock: it may run meanwhile. */
export async function showReport(reference: string, ports: Ports): Promise<UpsampleSummary> {
  const run = await ports.runs.read(reference);
  const state = stateOf(run);
  await writeUpsampleReport(run, state, ports);
  const lastTime = run.events.at(-1)?.time ?? run.checkpoint.created_at;
  const durationMs = Date.parse(lastTime) - Date.parse(run.checkpoint.created_at);
  const status = state.pendingCount === 0 ? endStatusOf(state.counts) : 'failed';
  return summaryOfUpsample(run, state, state.lastStatus === 'detached' ? 'detached' : status, durationMs);
}
