import type { FileEntryWithStats, Stats } from 'ssh2';
import { AppError } from '../../errors/app-error.ts';
import { isSftpStatus, sftpStatus } from './sftp-errors.ts';

/** Requests of one folder on their way at once. */
const requestsAtOnce = 16;

/** Far more entries than this program puts into any folder. */
const mostSeen = 2_000_000;

/** What a listing keeps, in bytes, with what an entry takes beside its name: some 280,000 results. */
const mostKeptBytes = 32 * 1024 * 1024;
const nameBytes = 48;
const entryBytes = 176;

/** Answers without a single name; a server that has no more of them says that it is at the end. */
const mostEmptyAnswers = 1_000;

/** No file system has longer names, in characters. */
const longestName = 255;

/** An entry of a folder, as the server describes it. */
export interface RemoteEntry {
  readonly name: string;
  readonly kind: 'file' | 'folder' | 'other';
  /** 0 where the server does not say. */
  readonly sizeBytes: number;
  /** In milliseconds since the epoch. */
  readonly modifiedMs: number;
}

interface Listing<Kept> {
  readonly hostName: string;
  readonly folder: string;
  /** Asks for the next entries, and gives them to `take`; rejects with the status `endOfFile` after the last ones. */
  readdir(take: (entries: readonly FileEntryWithStats[]) => void): Promise<void>;
  /** What is kept of an entry; null for nothing. */
  pick(entry: RemoteEntry): Kept | null;
}

/**
 * Reads a folder to its end, and keeps of it only what is picked: a listing without an end, or of names that do not
 * belong there, costs no memory.
 *
 * @throws AppError `host-refused` when there is no end in sight.
 */
export async function listFolder<Kept>({ hostName, folder, readdir, pick }: Listing<Kept>): Promise<Kept[]> {
  const kept: Kept[] = [];
  let keptBytes = 0;
  let seen = 0;
  let emptyAnswers = 0;
  let isAtEnd = false;
  const isWithinBounds = () =>
    seen <= mostSeen && keptBytes <= mostKeptBytes && emptyAnswers <= mostEmptyAnswers;
  // At once, as they arrive: entries that wait to be looked at would pile up.
  const take = (entries: readonly FileEntryWithStats[]) => {
    seen += entries.length;
    emptyAnswers += entries.length === 0 ? 1 : 0;
    for (const found of isWithinBounds() ? entries : []) {
      const entry = toEntry(found);
      const picked = entry && pick(entry);
      if (entry === null || picked === null) continue;
      keptBytes += entry.name.length + (typeof picked === 'string' ? nameBytes : entryBytes);
      kept.push(picked);
    }
    isAtEnd ||= !isWithinBounds();
  };
  const readToEnd = async () => {
    while (!isAtEnd) {
      await readdir(take).catch((error: unknown) => {
        // The other requests are on their way still: what becomes of them is of no interest.
        const wasAtEnd = isAtEnd;
        isAtEnd = true;
        if (!wasAtEnd && !isSftpStatus(error, sftpStatus.endOfFile)) throw error;
      });
    }
  };
  await Promise.all(Array.from({ length: requestsAtOnce }, readToEnd));
  if (!isWithinBounds()) throw endless(hostName, folder);
  return kept;
}

/** Null for what is no entry of a folder. */
function toEntry({ filename: name, attrs }: FileEntryWithStats): RemoteEntry | null {
  if (typeof name !== 'string' || name === '' || name === '.' || name === '..') return null;
  if (name.length > longestName || /[/\0]/.test(name)) return null;
  return asRemoteEntry(name, attrs);
}

export function asRemoteEntry(name: string, attrs: Stats): RemoteEntry {
  const kind = attrs.isFile() ? 'file' : attrs.isDirectory() ? 'folder' : 'other';
  return { name, kind, sizeBytes: countOf(attrs.size), modifiedMs: countOf(attrs.mtime) * 1000 };
}

/** A server may leave out any attribute. */
function countOf(value: unknown): number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? value : 0;
}

/** @param folder - What has no end. */
export function endless(hostName: string, folder: string): AppError {
  return new AppError({
    code: 'host-refused',
    message: `${hostName}: the folder ${folder} has more in it than cosmos ever writes there, or its listing has no end.`,
    nextStep: 'Look at it on the host, and remove what does not belong there.',
  });
}
