import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

const systemFolders = ['/usr/local/sbin', '/usr/sbin', '/sbin'];

/**
 * Why tests that need root and the given programs cannot run here, or null when they can: for `describe.skipIf`.
 * Where `CI` is set, something missing is a failure and no reason to skip.
 */
export function missing(...programs: readonly string[]): string | null {
  const reasons = programs.filter((program) => pathOf(program) === null).map((program) => `no ${program}`);
  if (process.platform !== 'linux' || process.getuid?.() !== 0) reasons.push('not root on Linux');
  if (reasons.length === 0) return null;
  const reason = `cannot run here: ${reasons.join(', ')}`;
  if (process.env['CI']) throw new Error(reason);
  return reason;
}

/** Where a program lies, also in the folders for the system's own; null when it is nowhere. */
export function pathOf(program: string): string | null {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), ...systemFolders];
  return folders.map((folder) => join(folder, program)).find(isExecutable) ?? null;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
