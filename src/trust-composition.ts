import { stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Approval } from './adapters/approvals.ts';
import { checkpointName } from './adapters/run-store/run-paths.ts';
import type { ShownSetting } from './core/settings/settings-origin.ts';
import { AppError, usageError } from './errors/app-error.ts';
import { approveSettings, openApprovals, readSettings } from './settings-composition.ts';

/** What `cosmos trust` approved. JSON, so snake_case. */
export interface Trusted {
  readonly kind: Approval['kind'];
  readonly path: string;
  /** What it asks for; empty where nothing needs approval. */
  readonly settings: readonly ShownSetting[];
  /** It was approved before. */
  readonly was_approved: boolean;
}

/** What a path names that can be approved: files of settings and run folders. */
export interface Approvable {
  readonly settings: readonly string[];
  readonly runs: readonly string[];
}

/**
 * What can be approved at a path.
 *
 * @param path - A folder, its `config.toml`, a run folder or its `checkpoint.json`.
 * @throws AppError `input-missing` where there is nothing of that sort.
 */
export async function findApprovable(path: string): Promise<Approvable> {
  const isFolder = (await stat(path).catch(() => null))?.isDirectory() ?? false;
  const settings = isFolder ? join(path, 'config.toml') : path;
  const run = isFolder ? path : dirname(path);
  const found = {
    settings: basename(settings) === 'config.toml' && (await isThere(settings)) ? [settings] : [],
    runs:
      (isFolder || basename(path) === checkpointName) && (await isThere(join(run, checkpointName)))
        ? [run]
        : [],
  };
  if (found.settings.length + found.runs.length > 0) return found;
  if (!isFolder && (await isThere(path)))
    throw usageError(
      `${path} is no config.toml and no run.`,
      'A settings file that you name with --config needs no approval.',
    );
  throw new AppError({
    code: 'input-missing',
    message: `There is no config.toml and no run in ${path}.`,
    nextStep: 'Name a folder that has one: cosmos trust PATH',
  });
}

async function isThere(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null)) !== null;
}

/**
 * Approves the settings of a file.
 *
 * @throws AppError `config-invalid`, and `config-not-trusted` for a file to which others may write.
 */
export async function trustSettings(path: string): Promise<Trusted> {
  const none = { source: 'the command line', values: {} };
  const { privileged } = await readSettings(none, null, dirname(path));
  if (privileged === null) return { kind: 'settings', path, settings: [], was_approved: false };
  const { settings, isApproved: was_approved, refusal } = privileged;
  if (refusal !== null)
    throw new AppError({
      code: 'config-not-trusted',
      message: `${path} cannot be approved, because ${refusal.reason}.`,
      nextStep: refusal.fix,
    });
  await approveSettings(privileged);
  return { kind: 'settings', path, settings, was_approved };
}

/** What the user approved, the latest last; runs that they started are not listed. */
export async function listApprovals(): Promise<readonly Approval[]> {
  return (await openApprovals().entries()).filter(({ is_started: isStarted }) => !isStarted);
}
