import { readdir, realpath, stat } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { isErrno } from '../errors/system-error.ts';

/** What was found in folders, all with absolute paths. */
export interface FoundFiles {
  /** A file that is given twice, or lies in two of the inputs, is here twice. */
  readonly files: string[];
  /** Sub-folders that could not be looked into. */
  readonly skippedFolders: Set<string>;
}

/** What may be wrong with one folder alone: the user's rights, its links, its disk, or that it is gone by now. */
const unreadableCodes = 'EACCES EPERM ENOENT ENOTDIR ELOOP ENAMETOOLONG EIO ESTALE'.split(' ');

/**
 * Adds every `*.json` below a folder, hidden folders and those of `excluded` left out. Folders reached through links
 * are visited once; those that cannot be read are skipped.
 *
 * @throws Errors of the system when the folder itself cannot be read.
 */
export async function collectSpecFiles(
  root: string,
  excluded: ReadonlySet<string>,
  found: FoundFiles,
): Promise<void> {
  const visited = new Set<string>();
  const foldersAtOnce = availableParallelism() * 4;
  let level = await collectFolder(root, excluded, found, visited);
  while (level.length > 0) {
    const next: string[] = [];
    for (let i = 0; i < level.length; i += foldersAtOnce) {
      const part = level.slice(i, i + foldersAtOnce);
      const folders = await Promise.all(
        part.map((folder) => collectOrSkip(folder, excluded, found, visited)),
      );
      next.push(...folders.flat());
    }
    level = next;
  }
}

async function collectOrSkip(
  folder: string,
  excluded: ReadonlySet<string>,
  found: FoundFiles,
  visited: Set<string>,
): Promise<string[]> {
  try {
    return await collectFolder(folder, excluded, found, visited);
  } catch (error) {
    if (!isErrno(error, ...unreadableCodes)) throw error;
    found.skippedFolders.add(folder);
    return [];
  }
}

/** Adds the `*.json` of one folder and gives its sub-folders. */
async function collectFolder(
  folder: string,
  excluded: ReadonlySet<string>,
  { files }: FoundFiles,
  visited: Set<string>,
): Promise<string[]> {
  const real = await realpath(folder);
  if (visited.has(real)) return [];
  visited.add(real);
  const folders: string[] = [];
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const full = join(folder, entry.name);
    if (entry.name.startsWith('.') || excluded.has(full)) continue;
    const kind = entry.isSymbolicLink() ? await stat(full).catch(() => entry) : entry;
    if (kind.isDirectory()) folders.push(full);
    else if (entry.name.toLowerCase().endsWith('.json') && !kind.isFIFO()) files.push(full);
  }
  return folders;
}
