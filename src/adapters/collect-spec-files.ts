import { isUtf8 } from 'node:buffer';
import { lstat, readdir, realpath, stat } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { isErrno } from '../errors/system-error.ts';
import { type Kind, whatInsteadOfFile } from './files/open-file.ts';

/** What was found in folders, all with absolute paths. */
export interface FoundFiles {
  /** A file that is given twice, or lies in two of the inputs, is here twice. */
  readonly files: string[];
  /** Those of `files` whose name is not UTF-8, with its bytes written as `\xE9`. */
  readonly misnamed: Set<string>;
  /** Sub-folders that could not be looked into. */
  readonly skippedFolders: Set<string>;
  /** What is called like a spec and is no file, with what it is: `a named pipe`. */
  readonly skippedFiles: Map<string, string>;
}

/**
 * What may be wrong with one folder alone: the user's rights, its links, or that it is gone by now. A disk that fails is no reason to
 * leave specs out.
 */
const unreadableCodes = 'EACCES EPERM ENOENT ENOTDIR ELOOP ENAMETOOLONG'.split(' ');

/**
 * Adds every `*.json` and `*.jsonl` below a folder, hidden folders and those of `excluded` left out. Folders reached through links
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

/** Adds the `*.json` and `*.jsonl` of one folder and gives its sub-folders. */
async function collectFolder(
  folder: string,
  excluded: ReadonlySet<string>,
  found: FoundFiles,
  visited: Set<string>,
): Promise<string[]> {
  const real = await realpath(folder);
  if (visited.has(real)) return [];
  visited.add(real);
  const folders: string[] = [];
  const entries = await readdir(folder, { withFileTypes: true });
  // What is not UTF-8 reads as this character, and names nothing then.
  const mayBeMisnamed = entries.some(({ name }) => name.includes('\uFFFD'));
  if (mayBeMisnamed) await addMisnamed(folder, found);
  for (const entry of entries) {
    const full = join(folder, entry.name);
    if (mayBeMisnamed && !(await isThere(full))) continue;
    if (entry.name.startsWith('.') || excluded.has(full)) continue;
    const kind = entry.isSymbolicLink() ? await stat(full).catch(() => entry) : entry;
    if (kind.isDirectory()) folders.push(full);
    else if (isSpecFile(entry.name)) addFile(full, kind, found);
  }
  return folders;
}

/** A link that leads nowhere is taken for a file: its name says which one is missing. */
function addFile(path: string, kind: Kind, { files, skippedFiles }: FoundFiles): void {
  const what = kind.isSymbolicLink() ? null : whatInsteadOfFile(kind);
  if (what === null) files.push(path);
  else skippedFiles.set(path, what);
}

function isSpecFile(name: string): boolean {
  return /\.jsonl?$/i.test(name);
}

async function isThere(path: string): Promise<boolean> {
  return await lstat(path).then(
    () => true,
    () => false,
  );
}

async function addMisnamed(folder: string, { files, misnamed, skippedFolders }: FoundFiles): Promise<void> {
  for (const { name, isFolder } of await misnamedIn(folder)) {
    const shown = join(folder, name);
    if (isFolder) skippedFolders.add(shown);
    else if (isSpecFile(name)) {
      files.push(shown);
      misnamed.add(shown);
    }
  }
}

/** Entries of a folder whose name is not UTF-8; in `name` each byte that is none of ASCII is written as `\xE9`. */
export async function misnamedIn(
  folder: string,
): Promise<{ readonly name: string; readonly bytes: Uint8Array; readonly isFolder: boolean }[]> {
  const entries = await readdir(folder, { withFileTypes: true, encoding: 'buffer' });
  return entries.flatMap((entry) => {
    const bytes = Buffer.from(entry.name);
    if (isUtf8(bytes)) return [];
    const name = bytes
      .toString('latin1')
      .replaceAll(/[\x80-\xff]/g, (byte) => `\\x${byte.charCodeAt(0).toString(16).toUpperCase()}`);
    return [{ name, bytes, isFolder: entry.isDirectory() }];
  });
}
