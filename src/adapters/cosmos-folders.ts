import { homedir } from 'node:os';
import { join } from 'node:path';

/** Folders of a user on this machine that cosmos keeps things in. */
interface CosmosFolders {
  /** Hints and results; may be deleted at any time. */
  readonly cache: string;
  /** The user's own `config.toml`. */
  readonly config: string;
  /** What the user would miss a little: the index of runs, and what they approved. */
  readonly state: string;
  /** Models: the user's own, and those that were installed. */
  readonly data: string;
}

/** The platform's own places, or those of the XDG variables where they are set. */
export function cosmosFolders(env: NodeJS.ProcessEnv, platform: NodeJS.Platform): CosmosFolders {
  return {
    cache: join(cacheHome(env, platform), 'cosmos'),
    config: join(configHome(env), 'cosmos'),
    state: stateFolder(env, platform),
    data: dataFolder(env, platform),
  };
}

/** Resolves a leading `~` to the home folder. */
export function expandHome(path: string): string {
  return path === '~' || path.startsWith('~/') || path.startsWith('~\\')
    ? join(homedir(), path.slice(1))
    : path;
}

function cacheHome(env: NodeJS.ProcessEnv, platform: NodeJS.Platform): string {
  if (env['XDG_CACHE_HOME']) return env['XDG_CACHE_HOME'];
  if (platform === 'win32') return env['LOCALAPPDATA'] ?? join(homedir(), 'AppData', 'Local');
  return platform === 'darwin' ? join(homedir(), 'Library', 'Caches') : join(homedir(), '.cache');
}

function configHome(env: NodeJS.ProcessEnv): string {
  return env['XDG_CONFIG_HOME'] ? env['XDG_CONFIG_HOME'] : join(homedir(), '.config');
}

function stateFolder(env: NodeJS.ProcessEnv, platform: NodeJS.Platform): string {
  if (env['XDG_STATE_HOME']) return join(env['XDG_STATE_HOME'], 'cosmos');
  // Windows has one place for both, and what is in the cache may be deleted.
  if (platform === 'win32') return join(cacheHome(env, platform), 'cosmos', 'state');
  if (platform === 'darwin') return join(homedir(), 'Library', 'Application Support', 'cosmos');
  return join(homedir(), '.local', 'state', 'cosmos');
}

function dataFolder(env: NodeJS.ProcessEnv, platform: NodeJS.Platform): string {
  if (env['XDG_DATA_HOME']) return join(env['XDG_DATA_HOME'], 'cosmos');
  if (platform === 'win32') return join(cacheHome(env, platform), 'cosmos', 'data');
  if (platform === 'darwin') return join(homedir(), 'Library', 'Application Support', 'cosmos');
  return join(homedir(), '.local', 'share', 'cosmos');
}
