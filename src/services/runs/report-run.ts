import type { Ports } from '../../ports/ports.ts';
import { readRun } from './read-run.ts';
import type { RunKinds, RunSummary } from './run-kind.ts';

interface ReportedRun {
  readonly kind: string;
  readonly summary: RunSummary;
}

/** Writes both reports of a run as it stands, and sums it up. Needs no lock: a process may work on the run meanwhile. */
export async function reportRun(reference: string, kinds: RunKinds, ports: Ports): Promise<ReportedRun> {
  const { kind, run, state } = await readRun(reference, kinds, ports);
  await kind.writeReport(run, state, ports);
  return { kind: kind.format.kind, summary: kind.summarise(run, state, null) };
}
