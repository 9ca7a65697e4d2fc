/** A folder of another machine, as paths in specs name it, and where it lies on this one. */
export interface MappedFolder {
  readonly from: string;
  /** Absolute. */
  readonly to: string;
}

/**
 * Where a path of another machine lies on this one; null for a path that no entry is about. Of several that are, the longest
 * counts. Slashes and backslashes are the same; of Windows paths, those with a drive or a server, capitals too.
 */
export function mappedPath(written: string, folders: readonly MappedFolder[]): string | null {
  const path = slashed(written);
  const [best] = folders
    .map(({ from, to }) => ({ from: slashed(from).replace(/\/+$/, ''), to }))
    .filter(({ from }) => isBelow(path, from))
    .sort((one, other) => other.from.length - one.from.length);
  return best ? best.to.replace(/[\\/]+$/, '') + path.slice(best.from.length) : null;
}

/** Whether a path is one of Windows: of a drive, or of a server (UNC). */
export function isWindowsPath(written: string): boolean {
  return /^\s*(?:[A-Za-z]:[\\/]|[\\/]{2}[^\\/]+[\\/]+[^\\/])/.test(written);
}

/** Reads `FROM=TO`; null when it is none. A folder of this machine rarely has the sign, one of another never. */
export function parseMappedFolder(text: string): MappedFolder | null {
  const split = text.indexOf('=');
  const [from, to] = [text.slice(0, Math.max(0, split)).trim(), text.slice(split + 1).trim()];
  return from === '' || to === '' ? null : { from, to };
}

function slashed(path: string): string {
  const trimmed = path.trim().replaceAll('\\', '/');
  // Two at the beginning are those of a server.
  return trimmed.slice(0, 1) + trimmed.slice(1).replaceAll(/\/{2,}/g, '/');
}

function isBelow(path: string, folder: string): boolean {
  const isWindows = /^(?:[A-Za-z]:|\/\/)/.test(folder);
  const [one, other] = isWindows ? [path.toLowerCase(), folder.toLowerCase()] : [path, folder];
  return one === other || one.startsWith(`${other}/`);
}
