import type { ExclusiveFileStore } from '../../ports/file-store.ts';

/** A folder of a store as a store of its own. */
export function subStore(files: ExclusiveFileStore, folder: string): ExclusiveFileStore {
  const inside = (path: string) => `${folder}/${path}`;
  return {
    publish: (path, content) => files.publish(inside(path), content),
    publishOnce: (path, content, isValid) => files.publishOnce(inside(path), content, isValid),
    read: (path, maxBytes) => files.read(inside(path), maxBytes),
    list: (path) => files.list(inside(path)),
    remove: (path) => files.remove(inside(path)),
  };
}
