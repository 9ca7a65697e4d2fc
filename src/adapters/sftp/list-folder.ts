import type { FileEntryWithStats, SFTPWrapper } from 'ssh2';
import { isSftpStatus, sftpStatus } from './sftp-errors.ts';

/** Questions on their way at once: a far host answers all of them in the time of one. */
const readsAtOnce = 16;

/** What lies in a folder, in no order. Costs a far host two round trips, where asking in turns costs four or more. */
export async function listFolder(
  sftp: SFTPWrapper,
  folder: string,
  progress: () => void,
): Promise<FileEntryWithStats[]> {
  const handle = await new Promise<Buffer>((resolve, reject) => {
    sftp.opendir(folder, (error, opened) => (error ? reject(error) : resolve(opened)));
  });
  const reading = new Reading(sftp, handle, progress);
  try {
    await Promise.all(Array.from({ length: readsAtOnce }, () => reading.readToEnd()));
  } finally {
    // Nothing depends on when, or whether, it is closed.
    sftp.close(handle, () => undefined);
  }
  return reading.entries;
}

class Reading {
  readonly entries: FileEntryWithStats[] = [];
  readonly #sftp: SFTPWrapper;
  readonly #handle: Buffer;
  readonly #progress: () => void;
  #isAtEnd = false;

  constructor(sftp: SFTPWrapper, handle: Buffer, progress: () => void) {
    this.#sftp = sftp;
    this.#handle = handle;
    this.#progress = progress;
  }

  /** May be under way several times at once. */
  async readToEnd(): Promise<void> {
    while (!this.#isAtEnd) await this.#readSome();
  }

  /** The end is noted at once: the answer before it arrived with it, and its reader must not ask once more. */
  #readSome(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#sftp.readdir(this.#handle, (error, some) => {
        this.#progress();
        if (!error) this.entries.push(...some);
        else if (isSftpStatus(error, sftpStatus.endOfFile)) this.#isAtEnd = true;
        else reject(error);
        resolve();
      });
    });
  }
}
