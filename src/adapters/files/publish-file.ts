import { randomBytes } from 'node:crypto';
import { fchmodSync, openSync, renameSync, unlinkSync } from 'node:fs';
import {
  chmod,
  chown,
  constants,
  copyFile,
  type FileHandle,
  link,
  lstat,
  mkdir,
  open,
  readdir,
  realpath,
  rename,
  rm,
  stat,
} from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import pMap from 'p-map';
import { nameOfTemporary, shortName, temporaryName } from '../../core/temporary-name.ts';
import { asDiskError, isErrno } from '../../errors/system-error.ts';
import { readWhole } from './bounded-read.ts';
import { hasContent } from './hash-file.ts';
import { closeFlushed, quickly, smallBytes, statQuickly, writeSmall } from './quick-disk.ts';
import { unlessMissing } from './unless-missing.ts';

const foldersAtOnce = 32;

/** Rights of files that hold what the user's sources do, such as caches: others on this machine may see none of it. */
export const ownerOnly = 0o600;

/** The same of folders. */
export const ownerOnlyFolder = 0o700;

/** What some file systems say of a flush or a change of rights that they do not offer. */
const unsupportedCodes = ['EINVAL', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EPERM'] as const;

/** Characters of a text in pieces that are gathered before they are written. */
const blockLength = 256 * 1024;

/** What is written to a file; a text in pieces need not fit into memory. */
type Content = Uint8Array | string | AsyncIterable<string> | Iterable<string>;

/**
 * Rights of a new file: these and no others; or at most these, less what the user's umask takes, as for what is made of a
 * source that is private. Null leaves them to the umask.
 */
export type Rights = number | { readonly atMost: number } | null;

/**
 * Writes a file so that its final name shows either the old content or the whole new one, also after a power
 * cut: temporary name beside it, fsync, rename, fsync of the folder. Makes missing folders.
 *
 * @param rights - Of the new file. They are never wider for a moment.
 * @throws AppError `disk-full` when there is no room; the target is untouched then.
 */
export async function publishFile(path: string, content: Content, rights: Rights = null): Promise<void> {
  await replaceDurably(path, (temporary) => writeDurably(temporary, content, rights));
}

/**
 * Like {@link publishFile}, but without waiting for the disk: the file is whole or as it was whenever a process dies, and after a
 * power cut it may hold nothing, or what it held before. For caches, whose readers take what is damaged for missing.
 */
export async function replaceFile(path: string, content: Content, rights: Rights = null): Promise<void> {
  await replaceBy(path, (temporary) => writeNew(temporary, content, rights, false));
}

/** Like {@link publishFile}, for a file that `make` writes to the path it is given. */
export async function publishFileBy(path: string, make: (temporary: string) => Promise<void>): Promise<void> {
  await replaceDurably(path, async (temporary) => {
    await make(temporary);
    await syncFile(temporary);
  });
}

/**
 * Writes over a user's file, as {@link publishFile} does: a symbolic link stays one and the file it leads to is
 * replaced, with the rights and the owner it had.
 *
 * @param isStillIt - Told what the file holds at the very last moment; where that is something else than was expected,
 * nothing is written.
 * @returns whether it was written.
 * @throws AppError `disk-full`. Errors of the system pass through, also when there is no such file.
 */
export async function overwriteFile(
  path: string,
  content: Content,
  isStillIt: (content: Uint8Array) => boolean,
): Promise<boolean> {
  const real = await realpath(path);
  const { mode, uid, gid } = await stat(real);
  const temporary = temporaryPathFor(real);
  try {
    await writeDurably(temporary, content, mode & 0o777);
    // Only root may give files away.
    if (process.getuid?.() === 0) await chown(temporary, uid, gid).catch(() => undefined);
    if (!isStillIt(await readWhole(real))) return false;
    await rename(temporary, real);
  } catch (error) {
    throw asDiskError(error, path);
  } finally {
    await discardFile(temporary);
  }
  await syncFolder(dirname(real));
  return true;
}

/** Rights for what is made of these files: none that one of them does not give. Files that are gone do not count. */
export async function rightsLike(paths: readonly string[]): Promise<{ readonly atMost: number }> {
  let atMost = 0o666;
  for (const path of paths) atMost &= (await statQuickly(path).catch(() => null))?.mode ?? atMost;
  return { atMost };
}

/** Takes rights from a file that it has beyond these. Where the file system knows no rights, nothing happens. */
export async function narrow(path: string, { atMost }: { readonly atMost: number }): Promise<void> {
  const { mode } = await stat(path);
  const kept = mode & 0o777 & (atMost | 0o200);
  if (kept !== (mode & 0o777)) await chmod(path, kept).catch(() => undefined);
}

/** Writes a new file and makes its content survive a power cut. Makes missing folders. */
export async function writeDurably(path: string, content: Content, rights: Rights = null): Promise<void> {
  await writeNew(path, content, rights, true);
}

async function writeNew(path: string, content: Content, rights: Rights, isDurable: boolean): Promise<void> {
  const isWhole = typeof content === 'string' || content instanceof Uint8Array;
  if (isWhole && content.length <= smallBytes) {
    const onOpen = (file: number) => setRights(file, rights);
    const how = { mode: modeOf(rights), folder: folderOptions(rights), onOpen };
    const written = await quickly<number | null>(
      () => writeSmall(path, content, how),
      async () => null,
    );
    if (written !== null) return await closeFlushed(written, isDurable);
  }
  await using file = await openNew(path, rights);
  if (typeof rights === 'number') await file.chmod(rights).catch(unlessUnsupported);
  await file.writeFile(isWhole ? content : inBlocks(content));
  if (isDurable) await file.sync();
}

function setRights(file: number, rights: Rights): void {
  try {
    if (typeof rights === 'number') fchmodSync(file, rights);
  } catch (error) {
    unlessUnsupported(error);
  }
}

/** Not every file system knows rights. */
function unlessUnsupported(error: unknown): void {
  if (!isErrno(error, ...unsupportedCodes)) throw error;
}

/**
 * Makes a folder and those above it, unless they are there.
 *
 * @param mode - Rights of those that are made, less what the user's umask takes.
 *
 * @throws AppError `disk-full`. Other errors of the system pass through.
 */
export async function makeFolder(folder: string, mode = 0o777): Promise<void> {
  await mkdir(folder, { recursive: true, mode }).catch((error: unknown) => {
    throw asDiskError(error, folder);
  });
}

/** Removes a file of this process's own. One that cannot be removed is left there: what was published before stands. */
export async function discardFile(path: string): Promise<void> {
  await quickly(
    () => unlinkSync(path),
    () => rm(path, { force: true }),
  ).catch(() => undefined);
}

/** Makes a file's content survive a power cut. */
export async function syncFile(path: string): Promise<void> {
  await using file = await open(path, 'r+');
  await file.sync();
}

/**
 * Makes a rename in `folder` survive a power cut, where that is possible: Windows cannot open folders, some file
 * systems cannot flush them, and one that may be written need not be readable. What was renamed stands all the same.
 */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const waiting = flushes.get(folder);
  // One that has not started covers this rename as well as those that wait for it already.
  if (waiting && !waiting.hasBegun) return await waiting.flushed;
  const flush = { hasBegun: false, flushed: Promise.resolve() };
  flush.flushed = (waiting?.flushed ?? Promise.resolve())
    .catch(() => undefined)
    .then(() => {
      flush.hasBegun = true;
      return flushFolder(folder);
    })
    .finally(() => {
      if (flushes.get(folder) === flush) flushes.delete(folder);
    });
  flushes.set(folder, flush);
  await flush.flushed;
}

/** Of each folder the flush that was asked for last: it is running, or waits for the one that is. */
const flushes = new Map<string, { hasBegun: boolean; flushed: Promise<void> }>();

async function flushFolder(folder: string): Promise<void> {
  try {
    await closeFlushed(openSync(folder, 'r'), true);
  } catch (error) {
    if (!isErrno(error, ...unsupportedCodes, 'EACCES', 'EISDIR')) throw error;
  }
}

async function replaceDurably(path: string, write: (temporary: string) => Promise<void>): Promise<void> {
  await replaceBy(path, write);
  await syncFolder(dirname(path));
}

async function replaceBy(path: string, write: (temporary: string) => Promise<void>): Promise<void> {
  const temporary = temporaryPathFor(path);
  try {
    await write(temporary);
    await quickly(
      () => renameSync(temporary, path),
      () => rename(temporary, path),
    );
  } catch (error) {
    await discardFile(temporary);
    throw asDiskError(error, path);
  }
}

async function* inBlocks(pieces: AsyncIterable<string> | Iterable<string>): AsyncGenerator<string> {
  let block = '';
  for await (const piece of pieces) {
    block += piece;
    if (block.length < blockLength) continue;
    yield block;
    block = '';
  }
  yield block;
}

async function openNew(path: string, rights: Rights): Promise<FileHandle> {
  const mode = modeOf(rights);
  // Where a link was planted, it is not followed: the call fails.
  const file = await unlessMissing(open(path, 'wx', mode));
  if (file) return file;
  await mkdir(dirname(path), folderOptions(rights));
  return await open(path, 'wx', mode);
}

/** With which a new file is made. */
function modeOf(rights: Rights): number {
  const wanted = rights === null ? 0o666 : typeof rights === 'number' ? rights : rights.atMost;
  return (wanted & 0o666) | 0o200;
}

/** With which the folder of a new file is made. */
function folderOptions(rights: Rights) {
  return { recursive: true, mode: rights === ownerOnly ? ownerOnlyFolder : 0o777 };
}

/**
 * Makes the file at `source` also stand at `target`: as a second name where the file system can, else as a copy
 * that appears whole. Links are followed: the target is always a file. One that is there already is kept when it holds
 * the same, and replaced when it was damaged. Both files must never be changed in place.
 *
 * @param sha256 - Hex SHA-256 of the source. Null compares the sizes only.
 * @throws AppError `disk-full`.
 */
export async function placeFile(source: string, target: string, sha256: string | null = null): Promise<void> {
  await makeFolder(dirname(target));
  try {
    // A second name of a link would be a link, and lead elsewhere from where it stands.
    await link(await realpath(source), target);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) throw error;
    if (isErrno(error, 'EEXIST') && (await isSame(source, target, sha256))) return;
    // Other disks, file systems without second names, and a target to be replaced want a copy.
    await publishFileBy(target, (temporary) => copyNew(source, temporary));
  }
}

/** A larger file of the user's gets a second name where the disk can share no blocks: a copy would take room and time. */
const mostCopiedBytes = 256 * 1024 * 1024;

/**
 * {@link placeFile} for a file of the user's own: its times, rights and number of names stay, unless it is very large. A copy
 * shares its blocks where the disk can.
 */
export async function placeSource(source: string, target: string, sha256: string): Promise<void> {
  await makeFolder(dirname(target));
  const { size } = await stat(source);
  if (await isSame(source, target, sha256)) return;
  const how = size <= mostCopiedBytes ? constants.COPYFILE_FICLONE : constants.COPYFILE_FICLONE_FORCE;
  try {
    await publishFileBy(target, (temporary) => copyNew(source, temporary, how));
  } catch (error) {
    if (size <= mostCopiedBytes) throw error;
    await placeFile(source, target, sha256);
  }
}

/** Copies a file to a name that is not taken, with the rights it has; the copy may be written to, unlike some sources. */
export async function copyNew(
  source: string,
  target: string,
  how = constants.COPYFILE_FICLONE,
): Promise<void> {
  await copyFile(source, target, constants.COPYFILE_EXCL | how);
  const { mode } = await stat(target);
  if ((mode & 0o200) === 0) await chmod(target, (mode & 0o777) | 0o200);
}

async function isSame(source: string, target: string, sha256: string | null): Promise<boolean> {
  const [wanted, found] = await Promise.all([stat(source), lstat(target).catch(() => null)]);
  return (
    found?.isFile() === true &&
    wanted.size === found.size &&
    (sha256 === null || (await hasContent(target, sha256)))
  );
}

/** A path beside `path` that no other process will choose, and that is short enough wherever `path` itself is. */
export function temporaryPathFor(path: string): string {
  if (unused.length < nameBytes) unused = randomBytes(512 * nameBytes);
  const random = unused.subarray(0, nameBytes);
  unused = unused.subarray(nameBytes);
  return join(dirname(path), temporaryName(basename(path), random));
}

const nameBytes = 6;
/** Random bytes for names: many at once cost hardly more than a few. */
let unused = Buffer.alloc(0);

/**
 * Removes what a process that died left half-written beside these files, and nothing else. The caller holds the lock
 * that keeps other processes from writing them. What cannot be removed stays: it does no harm.
 *
 * @param paths - Looked through more than once.
 */
export async function removeLeftovers(paths: Iterable<string>): Promise<void> {
  const folders = new Set<string>();
  for (const path of paths) folders.add(dirname(path));
  // There are few, while there may be a million paths.
  const found = new Map<string, Map<string, string[]>>();
  const scan = async (folder: string) => {
    const names = (await readdir(folder).catch(() => [])).filter((name) => nameOfTemporary(name) !== null);
    if (names.length > 0)
      found.set(
        folder,
        Map.groupBy(names, (name) => nameOfTemporary(name) ?? ''),
      );
  };
  await pMap(folders, scan, { concurrency: foldersAtOnce });
  if (found.size === 0) return;
  for (const path of paths) {
    const folder = dirname(path);
    for (const name of found.get(folder)?.get(shortName(basename(path))) ?? [])
      await discardFile(join(folder, name));
  }
}
