import { isErrno } from '../../errors/system-error.ts';
import { layout } from '../../protocol/layout.ts';
import { hasContent } from '../files/has-content.ts';
import type { LocalFileStore } from '../files/local-file-store.ts';
import { placeFile } from '../files/place-file.ts';
import { type SegmentStore, segmentLost } from '../host-run/segment-shelf.ts';

/** The segments of a run of this machine: bringing one home is giving it a second name. */
export class LocalSegments implements SegmentStore {
  readonly #files: LocalFileStore;

  /** @param files - The run folder on the host. */
  constructor(files: LocalFileStore) {
    this.#files = files;
  }

  async download(...[taskKey, { sha256 }, path]: Parameters<SegmentStore['download']>): Promise<void> {
    if (await hasContent(path, sha256)) return;
    const source = this.#files.pathOf(layout.segment(taskKey));
    if (!(await hasContent(source, sha256))) throw segmentLost(taskKey, 'gone or damaged');
    try {
      await placeFile(source, path, sha256);
    } catch (error) {
      throw isErrno(error, 'ENOENT') ? segmentLost(taskKey, 'gone') : error;
    }
  }
}
