import { link, open, writeFile } from 'node:fs/promises';
import { asDiskError, isErrno } from '../../errors/system-error.ts';
import { readWhole } from './bounded-read.ts';
import { discardFile, temporaryPathFor } from './publish-file.ts';

/** What systems say where a file cannot have a second name. */
export const noLinkCodes = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EISDIR'] as const;

/** Gives a file a second name, and fails when that is taken: `link`, or what stands for it in a test. */
export type MakeLink = (path: string, name: string) => Promise<void>;

/**
 * Makes a small file with its whole content, unless one of that name is there; false then. Of many that try at
 * once, one succeeds: `link` fails where `rename` would replace.
 *
 * Where files cannot have two names the file may be seen empty for a moment.
 */
export async function createOnce(path: string, content: string, makeLink: MakeLink = link): Promise<boolean> {
  const temporary = temporaryPathFor(path);
  try {
    await writeFile(temporary, content, { flag: 'wx' });
    await makeLink(temporary, path);
    return true;
  } catch (error) {
    if (isErrno(error, 'EEXIST')) return false;
    if (isErrno(error, ...noLinkCodes)) return await writeNew(path, content);
    throw asDiskError(error, path);
  } finally {
    await discardFile(temporary);
  }
}

/** Whether files beside `path` can have two names, so that `createOnce` never shows an empty one there. */
export async function canLinkBeside(path: string, makeLink: MakeLink = link): Promise<boolean> {
  const [first, second] = [temporaryPathFor(path), temporaryPathFor(path)];
  try {
    await writeFile(first, '', { flag: 'wx' });
    await makeLink(first, second);
    return true;
  } catch {
    return false;
  } finally {
    await discardFile(first);
    await discardFile(second);
  }
}

async function writeNew(path: string, content: string): Promise<boolean> {
  try {
    await using file = await open(path, 'wx');
    try {
      await file.writeFile(content);
      await file.sync();
    } catch (error) {
      await discardFile(path);
      throw error;
    }
  } catch (error) {
    if (isErrno(error, 'EEXIST')) return false;
    throw asDiskError(error, path);
  }
  // A process that was held up before it wrote may have been taken for dead, and its file for damaged.
  return (await readWhole(path, { noFollow: true }).then(String, () => null)) === content;
}
