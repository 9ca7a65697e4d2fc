import type { HostTree, RunFolder, StoredThing } from './host-tree.ts';
import { type ManifestDemand, readManifest } from './read-manifest.ts';

/** Runs that are looked into together. */
const runsAtOnce = 8;

/**
 * What is younger stays whatever the rules say, in milliseconds: an object may be there for a run whose manifest is
 * still to come.
 */
export const graceMs = 60 * 60 * 1000;

const minuteMs = 60 * 1000;

const units = [
  { name: 'day', ms: 24 * 60 * minuteMs },
  { name: 'hour', ms: 60 * minuteMs },
] as const;

/** What keeps things on a host. */
interface KeepRules {
  /** Runs that somebody still expects something of. */
  readonly neededRuns: ReadonlySet<string>;
  /** Whatever was touched within this time stays, in milliseconds. */
  readonly keepMs: number;
  /** The time by the clock that stamps the host's files, in milliseconds since the epoch. */
  readonly nowMs: number;
}

/** A run, an object or an upload that nothing needs. */
export interface UnneededThing {
  readonly kind: 'run' | 'object' | 'upload';
  /** Run id, hash, or path relative to the root. */
  readonly name: string;
  readonly sizeBytes: number | null;
  /** When it was touched last; once that is another time, it may be needed. */
  readonly modifiedMs: number;
  readonly reason: string;
}

/**
 * What no run needs, runs first.
 *
 * A run stays when somebody expects something of it, when a worker works on it, when it was touched within
 * `keepMs`, when a task that was handed over has no result yet, or when a manifest of it is damaged. An object stays
 * when a manifest of a run that stays names it, or when it is young.
 */
export async function findUnneeded(tree: HostTree, rules: KeepRules): Promise<UnneededThing[]> {
  // Objects first: one that is delivered while the manifests are read is not among them.
  const objects = await tree.objects();
  const uploads = await tree.uploads();
  const unneededRuns: UnneededThing[] = [];
  const namedHashes = new Set<string>();
  const runs = await tree.runs();
  for (let index = 0; index < runs.length; index += runsAtOnce) {
    const verdicts = runs.slice(index, index + runsAtOnce).map((run) => judgeRun(run, tree, rules));
    for (const { unneeded, demands } of await Promise.all(verdicts)) {
      if (unneeded) unneededRuns.push(unneeded);
      else for (const { hashes } of demands) for (const hash of hashes) namedHashes.add(hash);
    }
  }
  return [
    ...unneededRuns,
    ...objects.filter(({ name }) => !namedHashes.has(name)).flatMap((object) => judgeObject(object, rules)),
    ...uploads.flatMap((upload) => judgeUpload(upload, rules)),
  ];
}

async function judgeRun(
  run: RunFolder,
  tree: HostTree,
  rules: KeepRules,
): Promise<{ readonly unneeded: UnneededThing | null; readonly demands: readonly ManifestDemand[] }> {
  const demands = (await tree.manifests(run.runId)).map(readManifest);
  const isKept =
    rules.neededRuns.has(run.runId) ||
    run.isServed ||
    isYoung(run.modifiedMs, rules.keepMs, rules) ||
    (await isUnfinished(run.runId, demands, tree));
  if (isKept) return { unneeded: null, demands };
  const what = demands.length === 0 ? 'nothing was handed over' : 'all of it has results';
  const reason = `${what}, untouched for ${ageText(run.modifiedMs, rules)}`;
  const { runId: name, sizeBytes, modifiedMs } = run;
  return { unneeded: { kind: 'run', name, sizeBytes, modifiedMs, reason }, demands };
}

async function isUnfinished(
  runId: string,
  demands: readonly ManifestDemand[],
  tree: HostTree,
): Promise<boolean> {
  if (demands.length === 0) return false;
  const finished = await tree.resultKeys(runId);
  return demands.some(
    ({ taskKeys }) => taskKeys === null || taskKeys.some((taskKey) => !finished.has(taskKey)),
  );
}

function judgeObject({ name, sizeBytes, modifiedMs }: StoredThing, rules: KeepRules): UnneededThing[] {
  if (isYoung(modifiedMs, Math.max(rules.keepMs, graceMs), rules)) return [];
  return [{ kind: 'object', name, sizeBytes, modifiedMs, reason: 'no run that stays names it' }];
}

function judgeUpload({ name, sizeBytes, modifiedMs }: StoredThing, rules: KeepRules): UnneededThing[] {
  if (isYoung(modifiedMs, Math.max(rules.keepMs, graceMs), rules)) return [];
  const reason = `left behind ${ageText(modifiedMs, rules)} ago`;
  return [{ kind: 'upload', name, sizeBytes, modifiedMs, reason }];
}

/** A time that lies ahead is young: clocks jump, and nothing is lost by waiting. */
function isYoung(modifiedMs: number, keepMs: number, { nowMs }: KeepRules): boolean {
  return nowMs - modifiedMs < keepMs;
}

function ageText(modifiedMs: number, { nowMs }: KeepRules): string {
  const ageMs = nowMs - modifiedMs;
  const unit = units.find(({ ms }) => ageMs >= ms) ?? { name: 'minute', ms: minuteMs };
  const count = ageMs / unit.ms;
  const whole = Math.max(0, Math.floor(count));
  return whole === 1 ? `1 ${unit.name}` : `${whole} ${unit.name}s`;
}
