import { rename, rm } from 'node:fs/promises';
import { dirname, posix } from 'node:path';
import { layout } from '../../protocol/layout.ts';
import { hasContent } from '../files/has-content.ts';
import { syncFolder } from '../files/publish-file.ts';
import { type SegmentStore, segmentLost } from '../host-run/segment-shelf.ts';
import { download } from '../sftp/download.ts';
import type { RemoteFiles } from '../sftp/remote-files.ts';

/** What a broken transfer left; it goes on there. */
const partSuffix = '.part';

/** How often a damaged transfer is repeated from its beginning. */
const maxTransfers = 3;

/** The segments of a run on a host that is reached by SFTP. */
export class RemoteSegments implements SegmentStore {
  readonly #files: RemoteFiles;
  readonly #runFolder: string;

  /** @param runFolder - Absolute path on the host. */
  constructor(files: RemoteFiles, runFolder: string) {
    this.#files = files;
    this.#runFolder = runFolder;
  }

  async download(...[taskKey, expected, path]: Parameters<SegmentStore['download']>): Promise<void> {
    const { sha256, size_bytes: sizeBytes } = expected;
    if (await hasContent(path, sha256)) return;
    const source = posix.join(this.#runFolder, layout.segment(taskKey));
    const part = `${path}${partSuffix}`;
    for (let transfer = 1; transfer <= maxTransfers; transfer += 1) {
      if (!(await download(this.#files, source, part, sizeBytes))) break;
      if (await hasContent(part, sha256)) {
        await rename(part, path);
        await syncFolder(dirname(path));
        return;
      }
      // Damaged: nothing of it can be built upon.
      await rm(part, { force: true });
    }
    await rm(part, { force: true });
    throw segmentLost(taskKey, 'gone or damaged');
  }
}
