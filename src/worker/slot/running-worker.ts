import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../../errors/app-error.ts';
import { layout } from '../../protocol/layout.ts';
import type { WorkerStatus } from '../../protocol/worker-status.ts';
import { RotatingLog } from '../model-server/rotating-log.ts';
import { type SlotOptions, workerOptionsOf } from '../options.ts';
import { WorkerProcess, type WorkerProcessParts } from '../tasks/worker-process.ts';

const maxLogBytes = 10 * 1024 * 1024;

/** A run's worker as its slot sees it. */
export interface RunningWorker
  extends Pick<
    WorkerProcess,
    'isBusy' | 'isWatched' | 'isStopping' | 'status' | 'takeUnread' | 'requestStop'
  > {
  /** Everything that was handed over has a result. */
  readonly isFinished: boolean;
  /** Resolves when it listens no more; what went wrong was logged. */
  readonly ended: Promise<void>;
}

/** What the workers of a slot are built with. */
interface WorkerTools {
  readonly slot: SlotOptions;
  /** What the worker of the run in this folder needs. */
  partsFor(runFolder: string, log: (line: string) => void): WorkerProcessParts;
  log(line: string): void;
}

/** Makes the run's folders and a worker for it, in this process, that answers on its own socket. */
export async function startRunWorker(runId: string, tools: WorkerTools): Promise<RunningWorker> {
  const options = workerOptionsOf(tools.slot, runId);
  for (const folder of [layout.manifests, layout.results, layout.status, layout.logs]) {
    await mkdir(join(options.runFolder, folder), { recursive: true });
  }
  const logPath = join(options.runFolder, ...layout.workerLog(options.workerId).split('/'));
  const file = new RotatingLog(logPath, maxLogBytes);
  const log = (line: string) => {
    file.add(`${new Date().toISOString()} ${line}`);
    tools.log(`${runId}: ${line}`);
  };
  const worker = new WorkerProcess(options, tools.partsFor(options.runFolder, log));
  await worker.listen();
  return new ProcessInside(worker, log, file);
}

class ProcessInside implements RunningWorker {
  readonly ended: Promise<void>;
  readonly #worker: WorkerProcess;

  constructor(worker: WorkerProcess, log: (line: string) => void, file: RotatingLog) {
    this.#worker = worker;
    this.ended = worker
      .work()
      .catch((error: unknown) => log(`the worker ended: ${messageOf(error)}`))
      .finally(() => file.close());
  }

  get isBusy(): boolean {
    return this.#worker.isBusy;
  }

  get isWatched(): boolean {
    return this.#worker.isWatched;
  }

  get isStopping(): boolean {
    return this.#worker.isStopping;
  }

  get isFinished(): boolean {
    const { completed_batches: completed, total_batches: total } = this.status();
    return completed >= total;
  }

  status(): WorkerStatus {
    return this.#worker.status();
  }

  async takeUnread(): Promise<boolean> {
    return await this.#worker.takeUnread();
  }

  requestStop(drainMs: number): void {
    this.#worker.requestStop(drainMs);
  }
}
