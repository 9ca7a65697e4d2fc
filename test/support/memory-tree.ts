import type { HostTree, RunFolder, StoredThing } from '../../src/core/upkeep/find-unneeded.ts';

/** A run of a {@link memoryTree}; what is left away is nothing. */
export interface MemoryTreeRun extends Partial<Omit<RunFolder, 'runId'>> {
  readonly manifests?: readonly string[];
  readonly results?: readonly string[];
}

/** A host's root that a test writes down. Times are milliseconds; everything is as old as 0 unless told. */
export function memoryTree(parts: {
  readonly runs?: Readonly<Record<string, MemoryTreeRun>>;
  readonly objects?: Readonly<Record<string, Partial<StoredThing>>>;
  readonly uploads?: Readonly<Record<string, Partial<StoredThing>>>;
}): HostTree {
  const { runs = {}, objects = {}, uploads = {} } = parts;
  const things = (named: Readonly<Record<string, Partial<StoredThing>>>) =>
    Object.entries(named).map(([name, thing]) => ({ name, sizeBytes: 10, modifiedMs: 0, ...thing }));
  return {
    runs: async () =>
      Object.entries(runs).map(([runId, { manifests: _m, results: _r, ...run }]) => ({
        runId,
        sizeBytes: 100,
        modifiedMs: 0,
        isServed: false,
        ...run,
      })),
    manifests: async (runId, visit) => runs[runId]?.manifests?.forEach(visit),
    resultKeys: async (runId, wanted) => new Set(runs[runId]?.results ?? []).intersection(wanted),
    objects: async () => things(objects),
    uploads: async () => things(uploads),
  };
}

/** A manifest as it matters here: tasks by key, each with the hash of its hint. */
export function manifestText(tasks: Readonly<Record<string, string | null>>): string {
  const written = Object.entries(tasks).map(([key, sha256]) => ({
    task_key: key,
    hint: sha256 === null ? null : { sha256 },
  }));
  return JSON.stringify({ version: 1, batches: [{ batch_id: 0, tasks: written }] });
}

/** A hash, or a task key, that begins with `letter`. */
export function hashOf(letter: string): string {
  return letter.repeat(64);
}
