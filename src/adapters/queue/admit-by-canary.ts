import { z } from 'zod';
import { parseJsonAs } from '../../core/json.ts';
import type { Clock } from '../../ports/clock.ts';
import type { HostRun } from '../../ports/host.ts';
import type { SharedStore } from '../../ports/shared-store.ts';
import { layout } from '../../protocol/layout.ts';
import { isSegmentEngine, type WorkBatch, type WorkEngine, workKindOf } from '../../protocol/manifest.ts';
import type { JobKind, WorkerFacts } from '../../protocol/queue.ts';
import { type CanaryFacts, canaryDifference, makeCanary, usualCanary } from '../host-run/canary.ts';

const canarySchema = z.object({
  sha256: z.string(),
  encoder: z.string(),
  parameterSets: z.string(),
  frames: z.string(),
});

/** How long a worker waits for another one's clip before its own decides, in milliseconds. */
const usualVotingMs = 15_000;

const pollMs = 200;

interface CanaryVote {
  readonly store: SharedStore;
  readonly clock: Clock;
  /** Of this worker. */
  readonly name: string;
  /** Workers that are there. */
  workers(): Promise<readonly WorkerFacts[]>;
  readonly votingMs?: number;
}

/**
 * Lets a machine work on the segments of a run when it makes of a tiny clip what the others make: that is in the store.
 * It is decided once for a run, by what the first two workers agree on, so that one that differs cannot shut out all others.
 */
export function admitByCanary(vote: CanaryVote) {
  return async (
    run: HostRun,
    runId: string,
    { batch, engine }: { readonly batch: WorkBatch; readonly engine: WorkEngine },
    signal: AbortSignal,
  ): Promise<string | null> => {
    const [task] = batch.tasks;
    if (!isSegmentEngine(engine) || !task || !('clip' in task)) return null;
    const { store, clock } = vote;
    const found = await makeCanary(run, task.clip, engine, { clock, signal });
    const text = JSON.stringify(found);
    await store.files.publish(`${layout.run(runId)}/${layout.canaryOf(vote.name)}`, text);
    const expected =
      (await decided(runId, store)) ??
      (await decide({ runId, kind: workKindOf(engine) }, found, vote, signal));
    return canaryDifference(expected, found, engine);
  };
}

async function decided(runId: string, { files }: SharedStore): Promise<CanaryFacts | null> {
  const kept = await files.read(`${layout.run(runId)}/${layout.canary}`);
  return kept && parseJsonAs(canarySchema, kept);
}

/** Waits for a second worker that agrees; what was decided first is kept. */
async function decide(
  { runId, kind }: { readonly runId: string; readonly kind: JobKind },
  own: CanaryFacts,
  vote: CanaryVote,
  signal: AbortSignal,
): Promise<CanaryFacts> {
  const { store, clock, votingMs = usualVotingMs } = vote;
  const deadlineMs = clock.now() + votingMs;
  let usual = own;
  for (;;) {
    const already = await decided(runId, store);
    if (already) return already;
    const made = await canariesOf(runId, vote);
    usual = usualCanary([own, ...made]);
    const isAgreed = [own, ...made].filter(({ sha256 }) => sha256 === usual.sha256).length > 1;
    if (isAgreed || clock.now() >= deadlineMs || !(await mayOthersVote(runId, kind, vote))) break;
    await clock.sleep(pollMs, signal);
  }
  const path = `${layout.run(runId)}/${layout.canary}`;
  const isValid = (bytes: Uint8Array) => parseJsonAs(canarySchema, bytes) !== null;
  const kept = await store.files.publishOnce(path, JSON.stringify(usual), isValid);
  return (kept && parseJsonAs(canarySchema, kept)) ?? usual;
}

/** What other workers made. */
async function canariesOf(runId: string, { store, name }: CanaryVote): Promise<readonly CanaryFacts[]> {
  const folder = `${layout.run(runId)}/${layout.canaries}`;
  const own = layout.canaryOf(name);
  const paths = (await store.files.list(folder)).map((file) => `${layout.canaries}/${file}`);
  const read = async (path: string) => {
    const bytes = await store.files.read(`${layout.run(runId)}/${path}`);
    return (bytes && parseJsonAs(canarySchema, bytes)) ?? [];
  };
  return (await Promise.all(paths.filter((path) => path !== own).map(read))).flat();
}

/** Whether there is another worker that takes such work and is free for this run, or on it. */
async function mayOthersVote(runId: string, kind: JobKind, { workers, name }: CanaryVote): Promise<boolean> {
  return (await workers()).some(
    (worker) =>
      worker.name !== name &&
      worker.kinds.includes(kind) &&
      (worker.doing.length < worker.slots || worker.doing.some((job) => job.run_id === runId)),
  );
}
