import { readdir, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { idsMatching } from '../../core/run/run-reference.ts';
import { AppError } from '../../errors/app-error.ts';
import { unlessMissing } from '../files/unless-missing.ts';
import { readKind } from './checkpoint-file.ts';
import type { IndexedRun, RunIndex } from './run-index.ts';
import { checkpointName } from './run-paths.ts';

/** Candidates that are named. */
const maxNamed = 8;

/** A run that is known by its folder, in this checkpoint folder or in the user's index. */
export interface KnownRun {
  readonly runId: string;
  readonly folder: string;
  /** As the index has it; null for a run that it does not have. */
  readonly entry: IndexedRun | null;
  /** The folder, or what was in it, is gone. */
  readonly isGone: boolean;
}

interface FinderOptions {
  /** The checkpoint folder of the settings: runs of this folder come first. */
  readonly folder: string;
  readonly index: RunIndex | null;
  /** Says which run was taken, where the reference does not. */
  readonly onChosen: (line: string) => void;
}

/** Finds the run that a path, an id, a part of an id or `latest` stands for. */
export class RunFinder {
  readonly #options: FinderOptions;

  constructor(options: FinderOptions) {
    this.#options = options;
  }

  /** @param kind - With it, `latest` is the latest run of this kind, or of one of these. @throws AppError `run-not-found`, `run-ambiguous`. */
  async find(reference: string, kind: string | readonly string[] | null = null): Promise<KnownRun> {
    if (reference === 'latest') return await this.#latest(kind);
    const path = resolve(reference);
    if (basename(path) === checkpointName) return await this.#knownAt(dirname(path));
    const { folder } = this.#options;
    for (const tried of [path, join(folder, basename(reference))])
      if (await isRun(tried)) return await this.#knownAt(tried);
    const all = await this.all();
    const matching = idsMatching(
      reference,
      all.map(({ runId }) => runId),
    );
    const found = all.filter(({ runId }) => matching.includes(runId));
    const there = found.filter(({ isGone }) => !isGone);
    const [only] = there;
    if (only === undefined) throw found[0] ? gone(found[0]) : this.#notFound(reference);
    if (there.length > 1) throw ambiguous(reference, there);
    this.#options.onChosen(`"${reference}" is run ${only.runId}, in ${dirname(only.folder)}.`);
    return only;
  }

  /** Runs of the checkpoint folder, newest first. */
  async here(): Promise<readonly KnownRun[]> {
    const { folder } = this.#options;
    const entries = (await unlessMissing(readdir(folder, { withFileTypes: true }))) ?? [];
    const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
    const found = await Promise.all(names.map((name) => isRun(join(folder, name))));
    const runIds = names.filter((_, index) => found[index]);
    const runs = runIds.map((runId) => ({
      ...{ runId, folder: join(folder, runId), entry: null, isGone: false },
    }));
    return runs.sort(newestFirst);
  }

  /** Runs of the checkpoint folder and of the index, newest first. */
  async all(): Promise<readonly KnownRun[]> {
    const known = await this.#indexed();
    const seen = new Set(await Promise.all(known.map(({ folder }) => realPathOf(folder))));
    const here: KnownRun[] = [];
    for (const run of await this.here()) if (!seen.has(await realPathOf(run.folder))) here.push(run);
    return [...here, ...known].sort(newestFirst);
  }

  async #indexed(): Promise<KnownRun[]> {
    const entries = (await this.#options.index?.entries()) ?? [];
    const there = await Promise.all(entries.map(({ folder }) => isRun(folder)));
    return entries.map((entry, index) => {
      return { runId: entry.runId, folder: entry.folder, entry, isGone: there[index] !== true };
    });
  }

  async #latest(kinds: string | readonly string[] | null): Promise<KnownRun> {
    const { folder, onChosen } = this.#options;
    const isWanted = (kind: string | null) =>
      kinds === null || (kind !== null && [kinds].flat().includes(kind));
    for (const run of await this.here()) {
      if (kinds !== null && !isWanted(await kindOf(run.folder))) continue;
      onChosen(`The latest run of this folder is ${run.runId}.`);
      return await this.#knownAt(run.folder);
    }
    const elsewhere = (await this.#indexed()).filter(
      ({ entry, isGone }) => !isGone && isWanted(entry?.kind ?? null),
    );
    const [latest] = elsewhere.sort(newestFirst);
    if (latest) {
      onChosen(
        `Your latest run is ${latest.runId}, in ${dirname(latest.folder)}; there is none in ${folder}.`,
      );
      return latest;
    }
    const what = kinds === null ? 'run' : 'run of this kind';
    throw notFound(`There is no ${what} in ${folder}, and none is known elsewhere.`);
  }

  async #knownAt(folder: string): Promise<KnownRun> {
    const real = await realPathOf(folder);
    const entries = (await this.#options.index?.entries()) ?? [];
    const entry = entries.find((each) => each.folder === folder || each.folder === real) ?? null;
    return { runId: basename(folder), folder, entry, isGone: false };
  }

  #notFound(reference: string): AppError {
    const { folder } = this.#options;
    return notFound(
      `There is no run "${reference}": not as a path, not in ${folder}, and not among your other runs.`,
    );
  }
}

function newestFirst(one: KnownRun, other: KnownRun): number {
  return one.runId < other.runId ? 1 : one.runId > other.runId ? -1 : 0;
}

async function kindOf(folder: string): Promise<string | null> {
  return await readKind(join(folder, checkpointName));
}

async function isRun(folder: string): Promise<boolean> {
  return (await stat(join(folder, checkpointName)).catch(() => null))?.isFile() ?? false;
}

async function realPathOf(path: string): Promise<string> {
  return await realpath(path).catch(() => path);
}

function gone({ runId, folder }: KnownRun): AppError {
  return notFound(`Run ${runId} was kept in ${folder}, where it no longer is.`);
}

function ambiguous(reference: string, runs: readonly KnownRun[]): AppError {
  const named = runs.slice(0, maxNamed).map(({ runId, folder }) => `  ${runId}  in ${dirname(folder)}`);
  const more = runs.length > maxNamed ? [`  and ${runs.length - maxNamed} more`] : [];
  return new AppError({
    code: 'run-ambiguous',
    message: [`"${reference}" may be any of these runs:`, ...named, ...more].join('\n'),
    nextStep: 'Type more of the id, or the path of the run folder.',
  });
}

function notFound(message: string): AppError {
  return new AppError({ code: 'run-not-found', message, nextStep: 'List your runs with: cosmos runs' });
}
