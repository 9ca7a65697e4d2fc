import type { FileStore } from '../../ports/file-store.ts';
import { layout } from '../../protocol/layout.ts';
import { batchesOf, objectsOf } from '../../protocol/manifest.ts';
import type { WorkerOptions } from '../options.ts';
import { readOwnManifests } from '../tasks/manifest-intake.ts';
import type { ObjectShelf } from './object-store.ts';

/**
 * Why a slot that was started again does not go on with a run by itself; null when it can. What a power cut damaged
 * only a client can bring again, and until then its tasks would fail for good.
 *
 * @param store - The run folder.
 */
export async function whyNotResumable(
  { runFolder, runId, workerId }: WorkerOptions,
  store: FileStore,
  shelf: ObjectShelf,
): Promise<string | null> {
  if ((await store.read(layout.stopMark(workerId))) !== null) return 'it was stopped.';
  const manifests = await readOwnManifests({ runFolder, runId, workerId, store }, () => undefined);
  if (manifests.length === 0) return 'nothing was handed over.';
  const finished = new Set(await store.list(layout.results));
  const needed = manifests.flatMap(({ manifest }) =>
    batchesOf(manifest)
      .flatMap((batch) => batch.tasks)
      .filter((task) => !finished.has(`${task.task_key}.json`))
      .flatMap((task) => objectsOf(task, manifest.engine)),
  );
  const missing = await shelf.missing([...new Set(needed)]);
  if (missing.size === 0) return null;
  return `${missing.size} of its inputs are not whole; whoever opens it brings them again.`;
}
