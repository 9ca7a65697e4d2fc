import { readFile, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { parse, TomlError } from 'smol-toml';
import { resolveSettings, type SettingsLayer } from '../core/settings/resolve-settings.ts';
import type { Settings } from '../core/settings/settings-schema.ts';
import { AppError, usageError } from '../errors/app-error.ts';
import { isErrno } from '../errors/system-error.ts';
import { createOnce } from './files/create-once.ts';
import { makeFolder, publishFile } from './files/publish-file.ts';

/** Where settings come from, weakest first: the user's file, the project's file, the command line. */
interface SettingsSources {
  /** Folder of the user's own `config.toml`. */
  readonly userFolder: string;
  readonly workingFolder: string;
  /** `--config`: replaces the project's file, and must exist. */
  readonly configPath: string | null;
  readonly commandLine: SettingsLayer;
}

/** @throws AppError `config-invalid` that names the file and the key or line. */
export async function loadSettings(sources: SettingsSources): Promise<Settings> {
  return resolveSettings(await loadLayers(sources));
}

/** A file that may hold settings. JSON, so snake_case. */
export interface SettingsFile {
  readonly path: string;
  readonly role: 'user' | 'project' | 'named';
  readonly is_there: boolean;
}

/** Where settings are read from, weakest first, whether the files are there or not. */
export async function settingsFiles({
  userFolder,
  workingFolder,
  configPath,
}: Omit<SettingsSources, 'commandLine'>): Promise<readonly SettingsFile[]> {
  const project =
    configPath === null
      ? ({ path: join(workingFolder, 'config.toml'), role: 'project' } as const)
      : ({ path: resolve(configPath), role: 'named' } as const);
  const files = [{ path: join(userFolder, 'config.toml'), role: 'user' } as const, project];
  const found = await Promise.all(files.map(({ path }) => stat(path).catch(() => null)));
  return files.map((file, index) => ({ ...file, is_there: found[index]?.isFile() ?? false }));
}

/**
 * Writes a file of settings to start from. @throws AppError `usage-invalid` when a file is there that may not be replaced.
 */
export async function writeSettingsFile(path: string, text: string, mayReplace: boolean): Promise<void> {
  await makeFolder(dirname(path));
  if (mayReplace) await publishFile(path, text);
  else if (!(await createOnce(path, text)))
    throw usageError(
      `${path} is there already, and was left as it is.`,
      'Look at it with: cosmos config show; --force replaces it.',
    );
}

/** The files that there are, weakest first, and the command line over them. @throws AppError as {@link loadSettings}. */
export async function loadLayers(sources: SettingsSources): Promise<SettingsLayer[]> {
  const project = sources.configPath ?? join(sources.workingFolder, 'config.toml');
  const layers = [await readLayer(join(sources.userFolder, 'config.toml'), false)];
  layers.push(await readLayer(project, sources.configPath !== null), sources.commandLine);
  return layers.filter((layer) => layer !== null);
}

async function readLayer(path: string, isNeeded: boolean): Promise<SettingsLayer | null> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (!isNeeded && isErrno(error, 'ENOENT')) return null;
    throw invalid(`${path} cannot be read: ${error instanceof Error ? error.message : error}.`);
  }
  try {
    return { source: path, values: parse(text) };
  } catch (error) {
    if (!(error instanceof TomlError)) throw invalid(`${path} is not a TOML file.`);
    const reason = error.message.split('\n')[0] ?? '';
    throw invalid(`${path}, line ${error.line}: ${reason.replace(/^Invalid TOML document: /, '')}.`);
  }
}

function invalid(message: string): AppError {
  return new AppError({
    code: 'config-invalid',
    message,
    nextStep:
      'Correct the file. cosmos help settings lists every setting with its default; cosmos config init --config NEW.toml writes them to a new file.',
  });
}
