import { constants, type Stats } from 'node:fs';
import { type FileHandle, lstat, open, stat } from 'node:fs/promises';
import { devNull } from 'node:os';

interface OpenOptions {
  /** Refuses a link at the end of the path, for files that cosmos alone makes. */
  readonly noFollow?: boolean;
  /** Takes a pipe that a shell made for its command: `/dev/stdin`, and `/dev/fd/63` of `<(…)`. Its writer ends it. */
  readonly takesShellPipe?: boolean;
}

/** What is under a name is no file that can be read: a system error like the others, so `isSystemError` holds. */
export class NotAFileError extends Error {
  override readonly name = 'NotAFileError';
  readonly syscall = 'open';
  readonly code: string;

  constructor(what: string) {
    super(`it is ${what}${what === 'a folder' ? '' : ', not a file'}`);
    this.code = codes[what] ?? 'ENOTFILE';
  }
}

const codes: Readonly<Record<string, string>> = { 'a folder': 'EISDIR', 'a link': 'ELOOP' };

/** Neither a pipe without a writer blocks, nor does a terminal become this process's own. Windows knows none of these. */
const { O_NONBLOCK = 0, O_NOCTTY = 0, O_NOFOLLOW = 0 }: Partial<typeof constants> = constants;

/** For the opening of a file that is written: a link that was planted under its name is not followed, nor a pipe waited for. */
export const noFollow = O_NOFOLLOW | O_NONBLOCK;

/**
 * Opens a file from outside for reading. It is looked at before and after: opening a pipe may block, reading a terminal waits
 * for somebody to type, and opening a device may already do something.
 *
 * @throws NotAFileError. Errors of the system pass through.
 */
export async function openRegularFile(path: string, options: OpenOptions = {}): Promise<FileHandle> {
  return (await openWithStats(path, options)).file;
}

/** {@link openRegularFile}, with what the open file is. */
export async function openWithStats(
  path: string,
  options: OpenOptions = {},
): Promise<{ readonly file: FileHandle; readonly stats: Stats }> {
  const before = await (options.noFollow ? lstat(path) : stat(path));
  const isOpenedAsItIs = (options.takesShellPipe && isShellPipe(path, before)) || (await isNull(before));
  if (!isOpenedAsItIs) assertFile(before);
  const file = await open(path, isOpenedAsItIs ? 'r' : readingFlags(options));
  try {
    const stats = await file.stat();
    if (!isOpenedAsItIs) assertFile(stats);
    return { file, stats };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** How a regular file is opened for reading. */
export function readingFlags({ noFollow = false }: OpenOptions): number {
  return constants.O_RDONLY | O_NONBLOCK | O_NOCTTY | (noFollow ? O_NOFOLLOW : 0);
}

/** `/dev/null` is how an empty file is named: reading it ends at once. */
async function isNull(stats: Stats): Promise<boolean> {
  if (!stats.isCharacterDevice()) return false;
  return (await stat(devNull).catch(() => null))?.rdev === stats.rdev;
}

/** A pipe that is passed to this process, and not one that lies in a folder, where it may wait for a writer for ever. */
export function isShellPipe(path: string, stats: Pick<Stats, 'isFIFO'>): boolean {
  return stats.isFIFO() && /^\/(?:dev\/(?:fd\/|stdin$)|proc\/)/.test(path);
}

/** @throws NotAFileError unless these are a file's. */
export function assertFile(stats: Kind): void {
  const what = whatInsteadOfFile(stats);
  if (what !== null) throw new NotAFileError(what);
}

/** What of `Stats` or `Dirent` tells files from what is none. */
export type Kind = Pick<
  Stats,
  'isFile' | 'isDirectory' | 'isSymbolicLink' | 'isFIFO' | 'isSocket' | 'isCharacterDevice' | 'isBlockDevice'
>;

/** What has these, as in "it is a named pipe"; null for a file. */
export function whatInsteadOfFile(stats: Kind): string | null {
  if (stats.isFile()) return null;
  if (stats.isDirectory()) return 'a folder';
  if (stats.isFIFO()) return 'a named pipe';
  if (stats.isSymbolicLink()) return 'a link';
  if (stats.isSocket()) return 'a socket';
  if (stats.isCharacterDevice()) return 'a terminal or another device';
  return 'a device';
}
