import { linkSync } from 'node:fs';
import { link, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { temporarySuffix } from '../../core/temporary-name.ts';
import { asDiskError, isErrno } from '../../errors/system-error.ts';
import { type MakeLink, noLinkCodes } from './create-once.ts';
import { openRegularFile } from './open-file.ts';
import { discardFile, publishFile, syncFolder, temporaryPathFor, writeDurably } from './publish-file.ts';
import { quickly } from './quick-disk.ts';
import { unlessMissing } from './unless-missing.ts';

/** How long another process may take to repair a file; after that it is taken for dead. */
const repairTimeoutMs = 1_000;
const pauseMs = 10;
/** Each round ends with a step forward of this process or of another one. */
const maxRounds = 20;

/** Whether a content is one to keep. */
type IsValid = (content: Uint8Array) => boolean;

/**
 * Writes a file as `publishFile`, unless one with a valid content is there already: `link` fails where `rename`
 * would replace. Of several processes that publish at the same time one succeeds.
 *
 * Where files cannot have two names, reading the file and renaming are two steps: two processes that publish within the
 * same moment may both succeed. The file is whole even then.
 *
 * @param makeLink - How a file gets a second name; the system's own way unless told.
 * @returns null when the file holds `content` now, else what it held already.
 * @throws AppError `disk-full`.
 */
export async function publishOnce(
  path: string,
  content: string,
  isValid: IsValid,
  makeLink: MakeLink = linkQuickly,
): Promise<Uint8Array | null> {
  const temporary = temporaryPathFor(path);
  try {
    await writeDurably(temporary, content, null);
    return await putInPlace(temporary, path, isValid, makeLink);
  } catch (error) {
    if (!isErrno(error, ...noLinkCodes)) throw asDiskError(error, path);
  } finally {
    await discardFile(temporary);
  }
  const present = await unlessMissing(readPresent(path));
  if (present && isValid(present.content)) return present.content;
  await publishFile(path, content);
  return null;
}

async function linkQuickly(path: string, name: string): Promise<void> {
  await quickly(
    () => linkSync(path, name),
    () => link(path, name),
  );
}

async function putInPlace(
  temporary: string,
  path: string,
  isValid: IsValid,
  makeLink: MakeLink,
): Promise<Uint8Array | null> {
  for (let round = 1; round <= maxRounds; round += 1) {
    let isPlaced = await tryLink(temporary, path, makeLink);
    const present = isPlaced ? null : await unlessMissing(readPresent(path));
    if (present && isValid(present.content)) return present.content;
    if (present) isPlaced = await tryReplace(temporary, path, present.inode, makeLink);
    if (!isPlaced) continue;
    await syncFolder(dirname(path));
    return null;
  }
  throw new Error(`${path} is damaged again and again`);
}

/**
 * Puts the new file over a damaged one. Only the process that has given the damaged one a certain second name may do
 * so. Without that name a slow process could replace the good file that a faster one has put there.
 *
 * @returns whether it did; false also after waiting for another process that was about to.
 */
async function tryReplace(
  temporary: string,
  path: string,
  damagedInode: bigint,
  makeLink: MakeLink,
): Promise<boolean> {
  const claim = `${path}.${damagedInode.toString(16).padStart(12, '0')}${temporarySuffix}`;
  // The file may be removed while it is being claimed: then there is nothing to replace any more.
  if (!(await unlessMissing(tryLink(path, claim, makeLink)))) {
    await waitWhileThere(claim);
    return false;
  }
  try {
    const { ino } = await stat(claim, { bigint: true });
    if (ino !== damagedInode) return false;
    await rename(temporary, path);
    return true;
  } finally {
    await discardFile(claim);
  }
}

async function waitWhileThere(claim: string): Promise<void> {
  for (let waitedMs = 0; waitedMs < repairTimeoutMs; waitedMs += pauseMs) {
    if ((await stat(claim).catch(() => null)) === null) return;
    await delay(pauseMs);
  }
  await rm(claim, { force: true });
}

async function tryLink(file: string, name: string, makeLink: MakeLink): Promise<boolean> {
  try {
    await makeLink(file, name);
    return true;
  } catch (error) {
    if (isErrno(error, 'EEXIST')) return false;
    throw error;
  }
}

/** What is in the file, and which one it is. */
async function readPresent(path: string): Promise<{ readonly content: Uint8Array; readonly inode: bigint }> {
  await using file = await openRegularFile(path, { noFollow: true });
  const { ino: inode } = await file.stat({ bigint: true });
  return { content: await file.readFile(), inode };
}
