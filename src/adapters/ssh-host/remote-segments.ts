import { rename, rm } from 'node:fs/promises';
import { dirname, posix } from 'node:path';
import { layout } from '../../protocol/layout.ts';
import { hasContent } from '../files/hash-file.ts';
import { syncFolder } from '../files/publish-file.ts';
import { type DownloadSegment, segmentLost } from '../host-run/stores.ts';
import { download } from '../sftp/download.ts';
import type { RemoteFiles } from '../sftp/remote-files.ts';

/** How often a damaged transfer is repeated from its beginning. */
const maxTransfers = 3;

/** Downloads segments by SFTP; a broken transfer goes on where it stopped. @param runFolder - Absolute path on the host. */
export function remoteSegments(files: RemoteFiles, runFolder: string): DownloadSegment {
  return async (taskKey, { sha256, size_bytes: sizeBytes }, path) => {
    if (await hasContent(path, sha256)) return;
    const source = posix.join(runFolder, layout.segment(taskKey));
    const part = `${path}.part`;
    for (let transfer = 1; transfer <= maxTransfers; transfer += 1) {
      if (!(await download(files, source, part, sizeBytes))) break;
      if (await hasContent(part, sha256)) {
        await rename(part, path);
        await syncFolder(dirname(path));
        return;
      }
      // Damaged: the next transfer starts from its beginning.
      await rm(part, { force: true });
    }
    await rm(part, { force: true });
    throw segmentLost(taskKey, 'gone or damaged');
  };
}
