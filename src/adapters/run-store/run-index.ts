import { createHash } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import pMap from 'p-map';
import { z } from 'zod';
import { parseJsonAs } from '../../core/json.ts';
import { messageOf } from '../../errors/app-error.ts';
import { readTextAtMost } from '../files/bounded-read.ts';
import { ownerOnly, publishFile } from '../files/publish-file.ts';

const entrySchema = z.object({
  version: z.literal(1),
  run_id: z.string(),
  kind: z.string(),
  folder: z.string(),
  working_folder: z.string(),
  config_file: z.string().nullable(),
});

/** Ids that are file names everywhere; a checkpoint from elsewhere may hold any text. */
const plainId = /^\w[\w.-]{0,99}$/;

/** Runs that are remembered; beyond that the oldest are forgotten, and are still found in their own folder. */
const maxEntries = 2_000;

/** An entry is a line. */
const maxEntryBytes = 64 * 1024;

const readsAtOnce = 32;

/** A run of this user, wherever it is kept. */
export interface IndexedRun {
  readonly runId: string;
  readonly kind: string;
  readonly folder: string;
  /** Where the command was typed that started it. */
  readonly workingFolder: string;
  /** The settings file that was named then; null for `config.toml` of the working folder. */
  readonly configFile: string | null;
}

interface RunIndexOptions {
  /** Where the index is kept: a small file a run. */
  readonly folder: string;
  readonly workingFolder: string;
  readonly configFile: string | null;
  /** Called once when the index cannot be written: no run fails for it. */
  readonly onFailure: (reason: string) => void;
}

/**
 * Where the runs of this user are, so that they are found from any folder. It is a convenience: entries that cannot be read
 * are skipped, and what cannot be written is said once. Many processes may use it at once, since each run has a file of its own.
 */
export class RunIndex {
  readonly #options: RunIndexOptions;
  #hasFailed = false;

  constructor(options: RunIndexOptions) {
    this.#options = options;
  }

  /** Remembers a run that was just started, or one that is not known yet. */
  async note(run: Pick<IndexedRun, 'runId' | 'kind' | 'folder'>, isNew: boolean): Promise<void> {
    if (!plainId.test(run.runId)) return;
    const path = this.#pathOf(run);
    const { workingFolder, configFile } = this.#options;
    const entry = {
      ...{ version: 1, run_id: run.runId, kind: run.kind, folder: resolve(run.folder) },
      ...{ working_folder: workingFolder, config_file: configFile },
    };
    try {
      // What is known of the start is not replaced by where the run is continued.
      if (!isNew && (await readEntry(path)) !== null) return;
      await publishFile(path, `${JSON.stringify(entry)}\n`, ownerOnly);
      await this.#forgetOldest();
    } catch (error) {
      if (!this.#hasFailed) this.#options.onFailure(messageOf(error));
      this.#hasFailed = true;
    }
  }

  /** All that is known, in no order. */
  async entries(): Promise<readonly IndexedRun[]> {
    const names = await this.#names();
    const { folder } = this.#options;
    const entries = await pMap(names, (name) => readEntry(join(folder, name)), { concurrency: readsAtOnce });
    return entries.filter((entry) => entry !== null);
  }

  /** Forgets a run; its folder is not touched. */
  async forget(run: Pick<IndexedRun, 'runId' | 'folder'>): Promise<void> {
    if (plainId.test(run.runId)) await rm(this.#pathOf(run), { force: true }).catch(() => undefined);
  }

  async #names(): Promise<string[]> {
    const names = await readdir(this.#options.folder).catch(() => []);
    return names.filter((name) => name.endsWith('.json'));
  }

  /** The names of the files begin with the ids, and those with the time. */
  async #forgetOldest(): Promise<void> {
    const oldest = (await this.#names()).sort().slice(0, -maxEntries);
    for (const name of oldest) await rm(join(this.#options.folder, name), { force: true });
  }

  /** Copies of a run have its id, and are others all the same. */
  #pathOf({ runId, folder }: Pick<IndexedRun, 'runId' | 'folder'>): string {
    const mark = createHash('sha256').update(resolve(folder)).digest('hex').slice(0, 8);
    return join(this.#options.folder, `${runId}.${mark}.json`);
  }
}

async function readEntry(path: string): Promise<IndexedRun | null> {
  const entry = parseJsonAs(
    entrySchema,
    await readTextAtMost(path, maxEntryBytes, { noFollow: true }).catch(() => ''),
  );
  if (entry === null) return null;
  const { run_id: runId, kind, folder, working_folder: workingFolder, config_file: configFile } = entry;
  return { runId, kind, folder, workingFolder, configFile };
}
