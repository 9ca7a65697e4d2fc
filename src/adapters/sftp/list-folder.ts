import type { FileEntryWithStats, SFTPWrapper } from 'ssh2';
import { isSftpStatus, sftpStatus } from './sftp-errors.ts';

/** Questions on their way at once: a far host answers all of them in the time of one. */
const readsAtOnce = 4;

/** What lies in a folder, in no order. Costs a far host two round trips, where asking in turns costs four or more. */
export async function listFolder(sftp: SFTPWrapper, folder: string): Promise<FileEntryWithStats[]> {
  const handle = await new Promise<Buffer>((resolve, reject) => {
    sftp.opendir(folder, (error, opened) => (error ? reject(error) : resolve(opened)));
  });
  const entries: FileEntryWithStats[] = [];
  let isWhole = false;
  const reader = async () => {
    while (!isWhole) {
      const part = await readNext(sftp, handle);
      if (part === null) isWhole = true;
      else entries.push(...part);
    }
  };
  try {
    await Promise.all(Array.from({ length: readsAtOnce }, reader));
  } finally {
    // Nothing depends on when, or whether, it is closed.
    sftp.close(handle, () => undefined);
  }
  return entries;
}

/** Some more entries; null when there are none left. */
function readNext(sftp: SFTPWrapper, handle: Buffer): Promise<FileEntryWithStats[] | null> {
  return new Promise((resolve, reject) => {
    sftp.readdir(handle, (error, part) => {
      if (!error) resolve(part);
      else if (isSftpStatus(error, sftpStatus.endOfFile)) resolve(null);
      else reject(error);
    });
  });
}
