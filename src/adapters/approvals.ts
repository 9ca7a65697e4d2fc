import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { parseJsonAs } from '../core/json.ts';
import { publishFile } from './files/publish-file.ts';

const entrySchema = z.object({
  version: z.literal(1),
  kind: z.enum(['settings', 'run']),
  id: z.string(),
  path: z.string(),
  approved_at: z.iso.datetime(),
  settings: z.array(z.string()),
});

/** Runs that are remembered: every one that the user starts. Of the oldest the user is asked when they are resumed. */
const maxRuns = 5_000;

/** What the user approved. JSON, so snake_case. */
export interface Approval {
  readonly kind: 'settings' | 'run';
  /** Says what was approved: a hash of it, after the id of a run. */
  readonly id: string;
  /** Where it was then. */
  readonly path: string;
  /** ISO 8601. */
  readonly approved_at: string;
  /** Names of the settings that were shown. */
  readonly settings: readonly string[];
}

/**
 * What this user approved of other people's settings and runs: a small file each, in a folder that only the user can read.
 * Many processes may use it at once.
 */
export class Approvals {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async has(kind: Approval['kind'], id: string): Promise<boolean> {
    const entry = await readEntry(this.#pathOf({ kind, id }));
    return entry !== null && entry.kind === kind && entry.id === id;
  }

  /** Errors of the system pass through. */
  async add(approval: Approval): Promise<void> {
    await mkdir(join(this.#folder, approval.kind), { recursive: true, mode: 0o700 });
    await publishFile(this.#pathOf(approval), `${JSON.stringify({ version: 1, ...approval })}\n`, 0o600);
    if (approval.kind === 'run') await this.#forgetOldestRuns();
  }

  /** All of them, the latest last. */
  async entries(): Promise<readonly Approval[]> {
    const found: Approval[] = [];
    for (const kind of ['settings', 'run'] as const)
      for (const name of await this.#names(kind)) {
        const entry = await readEntry(join(this.#folder, kind, name));
        if (entry !== null) found.push(entry);
      }
    return found.sort((one, other) => (one.approved_at < other.approved_at ? -1 : 1));
  }

  async remove(approval: Pick<Approval, 'kind' | 'id'>): Promise<void> {
    await rm(this.#pathOf(approval), { force: true });
  }

  async #names(kind: Approval['kind']): Promise<string[]> {
    const names = await readdir(join(this.#folder, kind)).catch(() => []);
    return names.filter((name) => name.endsWith('.json'));
  }

  /** The names of their files begin with the ids of the runs, and those with the time. */
  async #forgetOldestRuns(): Promise<void> {
    const oldest = (await this.#names('run')).sort().slice(0, -maxRuns);
    for (const name of oldest) await rm(join(this.#folder, 'run', name), { force: true });
  }

  #pathOf({ kind, id }: Pick<Approval, 'kind' | 'id'>): string {
    return join(this.#folder, kind, `${id}.json`);
  }
}

async function readEntry(path: string): Promise<Approval | null> {
  return parseJsonAs(entrySchema, await readFile(path, 'utf8').catch(() => ''));
}
