import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse, TomlError } from 'smol-toml';
import { resolveSettings, type SettingsLayer } from '../core/settings/resolve-settings.ts';
import type { Settings } from '../core/settings/settings-schema.ts';
import { AppError } from '../errors/app-error.ts';
import { isErrno } from '../errors/system-error.ts';

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
    nextStep: 'Correct the file; every setting with its default is in config.toml.',
  });
}
