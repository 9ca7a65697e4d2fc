import { mkdir, mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder of its own for one benchmark, with nothing of the user's settings and caches in it. */
export interface Sandbox {
  readonly folder: string;
  /** Environment in which the program finds only this folder. */
  readonly env: NodeJS.ProcessEnv;
  /** A path in the folder. */
  path(...parts: string[]): string;
  /** Empties the caches of the program, so that the next run is a first one. */
  clearCaches(): Promise<void>;
}

/** Runs a benchmark in a new sandbox, which is removed afterwards. */
export async function inSandbox<Result>(
  name: string,
  work: (sandbox: Sandbox) => Promise<Result>,
): Promise<Result> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), `cosmos-bench-${name}-`)));
  try {
    const path = (...parts: string[]) => join(folder, ...parts);
    await mkdir(path('home'));
    return await work({
      folder,
      path,
      env: environmentOf(path),
      clearCaches: () => rm(path('cache'), { recursive: true, force: true }),
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function environmentOf(path: (...parts: string[]) => string): NodeJS.ProcessEnv {
  return {
    ...process.env,
    HOME: path('home'),
    XDG_CACHE_HOME: path('cache'),
    XDG_CONFIG_HOME: path('config'),
    XDG_DATA_HOME: path('data'),
    NO_COLOR: '1',
  };
}
