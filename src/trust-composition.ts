import { stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Approval } from './adapters/approvals.ts';
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

/**
 * Approves what needs it in a folder: its settings, or the run that it is.
 *
 * @param path - A folder, its `config.toml`, a run folder or its `checkpoint.json`.
 * @throws AppError `input-missing` where there is nothing of that sort; `config-invalid`, and `config-not-trusted` for a file
 * to which others may write.
 */
export async function trustFolder(path: string): Promise<readonly Trusted[]> {
  const isFolder = (await stat(path).catch(() => null))?.isDirectory() ?? false;
  const configPath = isFolder ? join(path, 'config.toml') : path;
  if (!isFolder && basename(path) !== 'config.toml')
    throw usageError(
      `${path} is no config.toml and no run.`,
      'A settings file that you name with --config needs no approval.',
    );
  if ((await stat(configPath).catch(() => null)) === null) throw nothingAt(path);
  return [await trustSettings(configPath)];
}

async function trustSettings(path: string): Promise<Trusted> {
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
  return await openApprovals().entries();
}

function nothingAt(path: string): AppError {
  return new AppError({
    code: 'input-missing',
    message: `There is no config.toml and no run in ${path}.`,
    nextStep: 'Name a folder that has one: cosmos trust PATH',
  });
}
