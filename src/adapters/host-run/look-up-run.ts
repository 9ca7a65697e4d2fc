import type { FileStore } from '../../ports/file-store.ts';
import type { HostRunFacts } from '../../ports/host.ts';
import { PublishedResults } from './published-results.ts';
import { outlineManifests } from './task-assignments.ts';

/**
 * What a run's files say about it.
 *
 * @param files - The run folder.
 * @param isServed - Whether one of these workers is there.
 */
export async function lookUpRun(
  files: FileStore,
  isServed: (workerIds: readonly number[]) => Promise<boolean>,
): Promise<HostRunFacts> {
  const manifests = await outlineManifests(files);
  if (manifests.length === 0) return { state: 'unknown', finishedTasks: 0, totalTasks: 0 };
  const tasks = manifests.flatMap((manifest) => manifest.tasks).filter(({ isCanary }) => !isCanary);
  const keys = new Set(tasks.map(({ taskKey }) => taskKey));
  const finished = keys.intersection(new Set(await new PublishedResults(files).keys(keys)));
  const counts = { finishedTasks: finished.size, totalTasks: keys.size };
  if (finished.size === keys.size) return { state: 'finished', ...counts };
  const workerIds = [...new Set(manifests.map(({ workerId }) => workerId))];
  return { state: (await isServed(workerIds)) ? 'running' : 'stopped', ...counts };
}
