import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Approval, Approvals } from './adapters/approvals.ts';
import {
  type FileLayer,
  loadFileLayers,
  type SettingsFile,
  settingsFiles,
  writeSettingsFile,
} from './adapters/config-files.ts';
import { cosmosFolders } from './adapters/cosmos-folders.ts';
import { type PrivilegedFile, privilegedFileIn } from './adapters/settings-trust.ts';
import type { SettingsLayer } from './core/settings/resolve-settings.ts';
import { commentedOut } from './core/settings/settings-origin.ts';

/** Settings as they were read, once. */
export interface LoadedSettings {
  /** Files, weakest first, and over them the flags that were given. */
  readonly layers: readonly SettingsLayer[];
  /** What the file of the project has that needs the user's approval; null for nothing. */
  readonly privileged: PrivilegedFile | null;
}

/**
 * Reads the settings for this process.
 *
 * @throws AppError `config-invalid`; `config-not-trusted` for a file of the user's to which others may write.
 */
export async function readSettings(
  commandLine: SettingsLayer,
  configPath: string | null,
  workingFolder = process.cwd(),
): Promise<LoadedSettings> {
  const { config: userFolder } = cosmosFolders(process.env, process.platform);
  const files = await loadFileLayers({ userFolder, workingFolder, configPath });
  const layers: readonly (SettingsLayer | FileLayer)[] = [...files, commandLine];
  return { layers, privileged: await privilegedFileIn(layers, openApprovals()) };
}

/** The layers without what the user has not approved. */
export function approvedLayers({ layers, privileged }: LoadedSettings): readonly SettingsLayer[] {
  if (privileged === null || privileged.isApproved) return layers;
  return layers.map((layer) => (layer.source === privileged.path ? privileged.rest : layer));
}

/** What the user approved of other people's settings and runs. */
export function openApprovals(): Approvals {
  const { state, cache } = cosmosFolders(process.env, process.platform);
  // Every run writes to the cache: what is kept there is remembered where the user's home takes nothing.
  return new Approvals([join(state, 'approved'), join(cache, 'approved')]);
}

/** Forgets what was approved of a file, or of the files in a folder; gives what that was. */
export async function revokeApprovals(path: string): Promise<readonly Approval[]> {
  const approvals = openApprovals();
  const entries = await approvals.entries();
  const revoked = entries.filter((entry) => entry.path === path || dirname(entry.path) === path);
  for (const entry of revoked) await approvals.remove(entry);
  return revoked;
}

/** Remembers that the user approved the settings of a file. */
export async function approveSettings({ id, path, settings }: PrivilegedFile): Promise<void> {
  const names = settings.map(({ name }) => name);
  const at = new Date().toISOString();
  const about = { path, approved_at: at, settings: names, is_started: false };
  await openApprovals().add({ kind: 'settings', id, ...about });
}

/** A settings file, and whether what needs approval in it is approved; null where nothing does. JSON, so snake_case. */
export type ApprovedFile = SettingsFile & { readonly is_approved: boolean | null };

/** Settings files, and what is known of their approval. */
export function withApproval(
  files: readonly SettingsFile[],
  privileged: PrivilegedFile | null,
): readonly ApprovedFile[] {
  return files.map((file) => {
    return { ...file, is_approved: file.path === privileged?.path ? privileged.isApproved : null };
  });
}

/** Where settings are read from, weakest first. */
export async function readSettingsFiles(configPath: string | null): Promise<readonly SettingsFile[]> {
  const { config } = cosmosFolders(process.env, process.platform);
  return await settingsFiles({ userFolder: config, workingFolder: process.cwd(), configPath });
}

/** Writes the packaged settings, commented out, where the user wants them; gives the path. @throws AppError `usage-invalid`. */
export async function writeStartingSettings(options: {
  readonly configPath: string | null;
  readonly isForUser: boolean;
  readonly mayReplace: boolean;
}): Promise<string> {
  const packaged = await readFile(new URL('../config.toml', import.meta.url), 'utf8');
  const files = await readSettingsFiles(options.configPath);
  const { path } = files.find(({ role }) => (role === 'user') === options.isForUser) ?? {};
  if (path === undefined) throw new Error('there is no such settings file');
  await writeSettingsFile(path, commentedOut(packaged), options.mayReplace);
  return path;
}
