import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { parseJsonAs } from '../core/json.ts';
import { readRegularFile } from './files/bounded-read.ts';
import { whoElseWrites } from './files/ownership.ts';
import { publishFile } from './files/publish-file.ts';

const entrySchema = z.object({
  version: z.literal(1),
  kind: z.enum(['settings', 'run']),
  id: z.string(),
  path: z.string(),
  approved_at: z.iso.datetime(),
  settings: z.array(z.string()),
  is_started: z.boolean(),
});

const maxEntryBytes = 1 << 20;

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
  /** A run that the user started, and was not asked about. */
  readonly is_started: boolean;
}

/**
 * What this user approved of other people's settings and runs: a small file each, in folders that only the user can read.
 * Many processes may use it at once.
 */
export class Approvals {
  readonly #folders: readonly string[];

  /** @param folders - Where approvals are kept: in the first that can be written. */
  constructor(folders: readonly string[]) {
    this.#folders = folders;
  }

  async has(kind: Approval['kind'], id: string): Promise<boolean> {
    for (const folder of this.#folders) {
      const entry = await readEntry(pathOf(folder, { kind, id }));
      if (entry !== null && entry.kind === kind && entry.id === id) return true;
    }
    return false;
  }

  /** Errors of the system pass through. */
  async add(approval: Approval): Promise<void> {
    let failure: unknown = null;
    for (const folder of this.#folders)
      try {
        await mkdir(join(folder, approval.kind), { recursive: true, mode: 0o700 });
        const text = `${JSON.stringify({ version: 1, ...approval })}\n`;
        await publishFile(pathOf(folder, approval), text, 0o600);
        if (approval.kind === 'run') await forgetOldestRuns(folder);
        return;
      } catch (error) {
        failure ??= error;
      }
    throw failure;
  }

  /** All of them, the latest last. */
  async entries(): Promise<readonly Approval[]> {
    const found: Approval[] = [];
    for (const folder of this.#folders)
      for (const kind of ['settings', 'run'] as const)
        for (const name of await namesIn(folder, kind)) {
          const entry = await readEntry(join(folder, kind, name));
          if (entry !== null) found.push(entry);
        }
    return found.sort((one, other) => (one.approved_at < other.approved_at ? -1 : 1));
  }

  async remove(approval: Pick<Approval, 'kind' | 'id'>): Promise<void> {
    for (const folder of this.#folders) await rm(pathOf(folder, approval), { force: true });
  }
}

async function namesIn(folder: string, kind: Approval['kind']): Promise<string[]> {
  const names = await readdir(join(folder, kind)).catch(() => []);
  return names.filter((name) => name.endsWith('.json'));
}

/** The names of their files begin with the ids of the runs, and those with the time. */
async function forgetOldestRuns(folder: string): Promise<void> {
  const oldest = (await namesIn(folder, 'run')).sort().slice(0, -maxRuns);
  for (const name of oldest) await rm(join(folder, 'run', name), { force: true });
}

function pathOf(folder: string, { kind, id }: Pick<Approval, 'kind' | 'id'>): string {
  return join(folder, kind, `${id}.json`);
}

/** One that another user may have written says nothing. */
async function readEntry(path: string): Promise<Approval | null> {
  const file = await readRegularFile(path, maxEntryBytes).catch(() => null);
  if (file === null || whoElseWrites(file.stats) !== null) return null;
  return parseJsonAs(entrySchema, file.bytes);
}
