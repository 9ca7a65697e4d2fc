import { realpath, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { parse, TomlError } from 'smol-toml';
import { resolveSettings, type SettingsLayer } from '../core/settings/resolve-settings.ts';
import type { Settings } from '../core/settings/settings-schema.ts';
import { AppError, usageError } from '../errors/app-error.ts';
import { isErrno } from '../errors/system-error.ts';
import { readRegularFile } from './files/bounded-read.ts';
import { createOnce } from './files/create-once.ts';
import { ownershipFix, whoElseWrites } from './files/ownership.ts';
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

/** A file of settings is text that a person writes. */
const maxFileBytes = 1 << 20;

/** @throws AppError `config-invalid` that names the file and the key or line, and those of {@link loadLayers}. */
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

/** Settings of a file, read once: what was judged is what is used. */
export interface FileLayer extends SettingsLayer {
  readonly role: SettingsFile['role'];
  /** Who may write to the file besides the user: the end of a sentence; null where only the user may. */
  readonly othersMayWrite: string | null;
}

/**
 * The files that there are, weakest first, and the command line over them.
 *
 * @throws AppError as {@link loadSettings}; `config-not-trusted` for a file that the user named or keeps, and to which others
 * may write.
 */
export async function loadLayers(sources: SettingsSources): Promise<SettingsLayer[]> {
  return [...(await loadFileLayers(sources)), sources.commandLine];
}

/** As {@link loadLayers}, the files alone. */
export async function loadFileLayers({
  userFolder,
  workingFolder,
  configPath,
}: Omit<SettingsSources, 'commandLine'>): Promise<FileLayer[]> {
  const userPath = join(userFolder, 'config.toml');
  const project = configPath ?? join(workingFolder, 'config.toml');
  const role = configPath === null ? 'project' : 'named';
  const own = await readLayer(userPath, 'user');
  // The working folder may be that of the user's own file.
  const isOwn = own !== null && configPath === null && (await isSameFile(userPath, project));
  const layers = [own, isOwn ? null : await readLayer(project, role)].filter((layer) => layer !== null);
  for (const layer of layers)
    if (layer.role !== 'project' && layer.othersMayWrite !== null) throw notTrusted(layer);
  return layers;
}

/** The one file of settings at this path, as that of a project. @throws AppError `config-invalid`. */
export async function loadProjectFile(path: string): Promise<FileLayer> {
  const layer = await readLayer(path, 'project');
  if (layer === null) throw invalid(`There is no ${path}.`);
  return layer;
}

async function readLayer(path: string, role: FileLayer['role']): Promise<FileLayer | null> {
  let file: Awaited<ReturnType<typeof readRegularFile>>;
  try {
    file = await readRegularFile(path, maxFileBytes);
  } catch (error) {
    if (role !== 'named' && isErrno(error, 'ENOENT')) return null;
    throw invalid(`${path} cannot be read: ${error instanceof Error ? error.message : error}.`);
  }
  const layer = {
    source: path,
    role,
    othersMayWrite: file.stats.isFile() ? whoElseWrites(file.stats) : null,
  };
  try {
    return { ...layer, values: parse(new TextDecoder().decode(file.bytes)) };
  } catch (error) {
    if (!(error instanceof TomlError)) throw invalid(`${path} is not a TOML file.`);
    const reason = error.message.split('\n')[0] ?? '';
    throw invalid(`${path}, line ${error.line}: ${reason.replace(/^Invalid TOML document: /, '')}.`);
  }
}

async function isSameFile(one: string, other: string): Promise<boolean> {
  const [first, second] = await Promise.all([one, other].map((path) => realpath(path).catch(() => null)));
  return first !== null && first === second;
}

function notTrusted({ source, othersMayWrite }: FileLayer): AppError {
  return new AppError({
    code: 'config-not-trusted',
    message: `${source} is not used, because ${othersMayWrite}.`,
    nextStep: ownershipFix(source, othersMayWrite ?? ''),
  });
}

function invalid(message: string): AppError {
  return new AppError({
    code: 'config-invalid',
    message,
    nextStep:
      'Correct the file. cosmos help settings lists every setting with its default; cosmos config init --config NEW.toml writes them to a new file.',
  });
}
