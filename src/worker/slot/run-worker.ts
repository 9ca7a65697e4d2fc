import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../../errors/app-error.ts';
import type { FileStore } from '../../ports/file-store.ts';
import { layout } from '../../protocol/layout.ts';
import { batchesOf, objectsOf } from '../../protocol/manifest.ts';
import { RotatingLog } from '../program/rotating-log.ts';
import { readOwnManifests } from '../tasks/manifest-intake.ts';
import { type WorkerOptions, WorkerProcess, type WorkerProcessDeps } from '../tasks/worker-process.ts';
import type { ObjectFolder } from './object-folder.ts';

const maxLogBytes = 10 * 1024 * 1024;

/** A run's worker as its slot sees it. */
export interface RunningWorker {
  readonly worker: Pick<
    WorkerProcess,
    'isBusy' | 'isWatched' | 'isStopping' | 'isFinished' | 'status' | 'takeUnread' | 'requestStop'
  >;
  /** Resolves when it listens no more; what went wrong was logged. */
  readonly ended: Promise<void>;
}

interface RunWorkerDeps {
  depsFor(runFolder: string, log: (line: string) => void): WorkerProcessDeps;
  log(line: string): void;
}

/** Makes the run's folders and a worker for it, in this process, that answers on its own socket. */
export async function startRunWorker(options: WorkerOptions, deps: RunWorkerDeps): Promise<RunningWorker> {
  const { runId, runFolder, workerId } = options;
  for (const folder of [layout.manifests, layout.results, layout.status, layout.logs]) {
    await mkdir(join(runFolder, folder), { recursive: true });
  }
  const file = new RotatingLog(join(runFolder, ...layout.workerLog(workerId).split('/')), maxLogBytes);
  const log = (line: string) => {
    file.add(`${new Date().toISOString()} ${line}`);
    deps.log(`${runId}: ${line}`);
  };
  const worker = new WorkerProcess(options, deps.depsFor(runFolder, log));
  await worker.listen();
  const ended = worker
    .work()
    .catch((error: unknown) => log(`the worker ended: ${messageOf(error)}`))
    .finally(() => file.close());
  return { worker, ended };
}

/**
 * Why a slot that was started again does not continue a run by itself; null when it can. Only a client can send again
 * what a power cut damaged, and until then its tasks would fail for good.
 */
export async function whyNotResumable(
  { runFolder, runId, workerId }: WorkerOptions,
  store: FileStore,
  objects: ObjectFolder,
): Promise<string | null> {
  if ((await store.read(layout.stopMark(workerId))) !== null) return 'it was stopped.';
  const finished = new Set(await store.list(layout.results));
  const needed = new Set<string>();
  let isEmpty = true;
  for await (const { manifest } of readOwnManifests({ runFolder, runId, workerId, store }, () => undefined)) {
    isEmpty = false;
    for (const task of batchesOf(manifest).flatMap((batch) => batch.tasks))
      if (!finished.has(`${task.task_key}.json`))
        for (const object of objectsOf(task, manifest.engine)) needed.add(object);
  }
  if (isEmpty) return 'nothing was submitted.';
  const missing = await objects.missing(needed);
  if (missing.size === 0) return null;
  return `${missing.size} of its inputs are not whole; the client that opens it sends them again.`;
}
