import { readdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isErrno, isSystemError } from '../../errors/system-error.ts';
import type { ListedFile } from '../../ports/source-files.ts';
import { whatInsteadOfFile } from './open-file.ts';

/** What may be wrong with one folder alone. A disk that fails is no reason to leave files out. */
const unreadableCodes = ['EACCES', 'EPERM', 'ENOENT', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG'] as const;

/** As `SourceFiles.find`. @throws Errors of the system when the path itself cannot be read. */
export async function findFiles(path: string, excluded: ReadonlySet<string>): Promise<ListedFile[]> {
  const found: ListedFile[] = [];
  if ((await stat(path)).isDirectory()) await addFolder(path, { excluded, found, visited: new Set() });
  else found.push(await fileAt(path));
  return found;
}

interface Search {
  readonly excluded: ReadonlySet<string>;
  readonly found: ListedFile[];
  readonly visited: Set<string>;
}

async function addFolder(folder: string, search: Search): Promise<void> {
  const { excluded, found, visited } = search;
  const real = await realpath(folder);
  if (visited.has(real)) return;
  visited.add(real);
  const entries = await readdir(folder, { withFileTypes: true });
  entries.sort((one, other) => (one.name < other.name ? -1 : 1));
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (entry.name.startsWith('.') || excluded.has(path)) continue;
    const isFolder = entry.isSymbolicLink()
      ? await stat(path).then(
          (target) => target.isDirectory(),
          () => false,
        )
      : entry.isDirectory();
    if (!isFolder) found.push(await fileAt(path));
    else
      await addFolder(path, search).catch((error: unknown) => {
        if (!isErrno(error, ...unreadableCodes)) throw error;
        found.push({ path, sizeBytes: 0, modifiedMs: 0, problem: 'the folder cannot be looked into' });
      });
  }
}

async function fileAt(path: string): Promise<ListedFile> {
  try {
    const file = await stat(path);
    const what = whatInsteadOfFile(file);
    const problem = what === null ? null : `it is ${what}`;
    return { path, sizeBytes: file.size, modifiedMs: file.mtimeMs, problem };
  } catch (error) {
    if (!isSystemError(error)) throw error;
    const problem = error.code === 'ENOENT' ? 'the link leads nowhere' : error.message;
    return { path, sizeBytes: 0, modifiedMs: 0, problem };
  }
}
