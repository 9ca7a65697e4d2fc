import { z } from 'zod';
import { AppError } from '../../errors/app-error.ts';
import { parseJsonAs } from '../json.ts';

/** Runs that are examined together. */
const runsAtOnce = 8;

/** What is younger stays, in milliseconds: an object may belong to a run whose manifest is not there yet. */
export const graceMs = 60 * 60 * 1000;

const minuteMs = 60 * 1000;

const units = [
  { name: 'day', ms: 24 * 60 * minuteMs },
  { name: 'hour', ms: 60 * minuteMs },
] as const;

/** What keeps things on a host. */
export interface KeepRules {
  /** Runs that this machine still expects results of. */
  readonly neededRuns: ReadonlySet<string>;
  /** What was touched within this time stays, in milliseconds. */
  readonly keepMs: number;
  /** The time by the clock that stamps the host's files, in milliseconds since the epoch. */
  readonly nowMs: number;
}

export interface UnneededThing {
  readonly kind: 'run' | 'object' | 'upload';
  /** Run id, hash, or path relative to the root. */
  readonly name: string;
  readonly sizeBytes: number | null;
  /** When it was touched last. With another time now, a run may need it again. */
  readonly modifiedMs: number;
  readonly reason: string;
}

/**
 * What no run needs, runs first.
 *
 * A run stays when this machine needs it, when a worker works on it, when it was touched within `keepMs`, when a
 * submitted task has no result yet, or when one of its manifests is damaged. An object stays when a manifest of a run
 * that stays names it, or when it is young.
 */
export async function findUnneeded(tree: HostTree, rules: KeepRules): Promise<UnneededThing[]> {
  // Objects first, so that an object that is delivered while the manifests are read is not among them.
  const objects = await tree.objects();
  const uploads = await tree.uploads();
  const unneededRuns: UnneededThing[] = [];
  const namedHashes = new Set<string>();
  const runs = await tree.runs();
  for (let index = 0; index < runs.length; index += runsAtOnce) {
    const verdicts = runs.slice(index, index + runsAtOnce).map((run) => judgeRun(run, tree, rules));
    for (const { unneeded, needs } of await Promise.all(verdicts)) {
      if (unneeded) unneededRuns.push(unneeded);
      else for (const hash of needs.hashes) namedHashes.add(hash);
    }
    if (namedHashes.size > mostHashes) throw tooMany();
  }
  return [
    ...unneededRuns,
    ...objects
      .filter(({ name }) => !namedHashes.has(shortHash(name)))
      .flatMap((object) => judgeObject(object, rules)),
    ...uploads.flatMap((upload) => judgeUpload(upload, rules)),
  ];
}

async function judgeRun(
  run: RunFolder,
  tree: HostTree,
  rules: KeepRules,
): Promise<{ readonly unneeded: UnneededThing | null; readonly needs: RunNeeds }> {
  const needs = await needsOf(run.runId, tree);
  const isKept =
    rules.neededRuns.has(run.runId) ||
    run.isServed ||
    isYoung(run.modifiedMs, rules.keepMs, rules) ||
    (await isUnfinished(run.runId, needs, tree));
  if (isKept) return { unneeded: null, needs };
  const what = needs.taskKeys?.size === 0 ? 'nothing was submitted' : 'all of it has results';
  const reason = `${what}, untouched for ${ageText(run.modifiedMs, rules)}`;
  const { runId: name, sizeBytes, modifiedMs } = run;
  return { unneeded: { kind: 'run', name, sizeBytes, modifiedMs, reason }, needs };
}

async function isUnfinished(runId: string, { taskKeys }: RunNeeds, tree: HostTree): Promise<boolean> {
  if (taskKeys === null) return true;
  if (taskKeys.size === 0) return false;
  return (await tree.resultKeys(runId, taskKeys)).size < taskKeys.size;
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

/** A time in the future is young: clocks jump, and nothing is lost by waiting. */
function isYoung(modifiedMs: number, keepMs: number, { nowMs }: KeepRules): boolean {
  return nowMs - modifiedMs < keepMs;
}

function ageText(modifiedMs: number, { nowMs }: KeepRules): string {
  const ageMs = nowMs - modifiedMs;
  const unit = units.find(({ ms }) => ageMs >= ms) ?? { name: 'minute', ms: minuteMs };
  const count = Math.max(0, Math.floor(ageMs / unit.ms));
  return count === 1 ? `1 ${unit.name}` : `${count} ${unit.name}s`;
}

/** As little of a manifest as pruning must understand, so that most of a newer version's manifest is understood too. */
const tasksSchema = z.object({
  batches: z.array(z.object({ tasks: z.array(z.object({ task_key: z.string() })) })),
});

const hashPattern = /[0-9a-f]{64}/g;

/** Tasks or inputs that the manifests of a host can name. */
const mostHashes = 700_000;

interface RunNeeds {
  /** Null when a manifest cannot be understood, so that its work may be unfinished. */
  readonly taskKeys: ReadonlySet<string> | null;
  /**
   * Every hash in its manifests, as {@link shortHash}: the hints, and task keys, which name no object. A damaged text still
   * names some.
   */
  readonly hashes: ReadonlySet<string>;
}

/** Reads the manifests of a run one after the other. @throws AppError `host-refused` where they are too many. */
async function needsOf(runId: string, tree: HostTree): Promise<RunNeeds> {
  let taskKeys: Set<string> | null = new Set();
  const hashes = new Set<string>();
  await tree.manifests(runId, (text) => {
    const keys = taskKeysOf(text);
    if (keys === null) taskKeys = null;
    else for (const key of keys) taskKeys?.add(copyOf(key));
    for (const [hash] of text.matchAll(hashPattern)) hashes.add(shortHash(hash));
    if (hashes.size > mostHashes || (taskKeys?.size ?? 0) > mostHashes) throw tooMany();
  });
  return { taskKeys, hashes };
}

/** A hash in half its length, as a text of its own: a part of a text keeps the whole text in memory. */
function shortHash(hash: string): string {
  return Buffer.from(hash, 'hex').toString('latin1');
}

function copyOf(text: string): string {
  return Buffer.from(text).toString();
}

function tooMany(): AppError {
  return new AppError({
    code: 'host-refused',
    message: 'The manifests on the host name more inputs than cosmos ever submits there.',
    nextStep: 'Look at the folder runs below remote_root on the host; nothing was removed.',
  });
}

function taskKeysOf(text: string): string[] | null {
  const manifest = parseJsonAs(tasksSchema, text);
  return manifest?.batches.flatMap(({ tasks }) => tasks.map((task) => task.task_key)) ?? null;
}

/** A file or folder of a host as its file system describes it. Times are milliseconds since the epoch, by the host's clock. */
export interface StoredThing {
  readonly name: string;
  /** Bytes that removing it frees; null for a folder. */
  readonly sizeBytes: number | null;
  /** When it got its place: never earlier than that. */
  readonly modifiedMs: number;
}

export interface RunFolder {
  readonly runId: string;
  readonly sizeBytes: number | null;
  /** When a file was last published in it: the newest time of the run's folder and of the folders in it. */
  readonly modifiedMs: number;
  /** A worker works on it now. */
  readonly isServed: boolean;
}

/**
 * A host's root as pruning reads it. What is gone is left out; every other failure to read is thrown, because what
 * cannot be seen must not count as unneeded.
 */
export interface HostTree {
  runs(): Promise<readonly RunFolder[]>;
  /** The text of each manifest of a run, damaged ones included; none when the run is gone. */
  manifests(runId: string, visit: (text: string) => void): Promise<void>;
  /** Those of the tasks of a run that have a result. */
  resultKeys(runId: string, wanted: ReadonlySet<string>): Promise<ReadonlySet<string>>;
  /** Everything under `objects` that is named by a hash. */
  objects(): Promise<readonly StoredThing[]>;
  /** What uploads left behind: everything under `incoming`, temporary files of `objects`. Names are relative to the root. */
  uploads(): Promise<readonly StoredThing[]>;
}
