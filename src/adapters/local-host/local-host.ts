import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../ports/clock.ts';
import type { Host, HostRun, HostRunOptions } from '../../ports/host.ts';
import { layout } from '../../protocol/layout.ts';
import { LocalHostRun } from './local-host-run.ts';
import { WorkerProcess } from './worker-process.ts';

/** Where a {@link LocalHost} keeps its files, and what it runs. */
export interface LocalHostOptions {
  /** Root folder; laid out like that of any other host. */
  readonly root: string;
  /** The worker's program: a JavaScript file. */
  readonly workerProgram: string;
  readonly clock: Clock;
}

/** This machine as a {@link Host}: its files are a folder, its containers are child processes. */
export class LocalHost implements Host {
  readonly name = 'local';
  readonly #options: LocalHostOptions;

  constructor(options: LocalHostOptions) {
    this.#options = options;
  }

  async openRun(runId: string, options: HostRunOptions): Promise<HostRun> {
    const { root, clock } = this.#options;
    for (const folder of ['objects', layout.run(runId)]) {
      await mkdir(join(root, folder), { recursive: true, mode: 0o700 });
    }
    const workers = this.#workersOf(runId, options);
    await Promise.all(workers.map((worker) => worker.ensureRunning()));
    return new LocalHostRun({ root, runId, workers, clock });
  }

  async stopRun(runId: string, options: HostRunOptions): Promise<void> {
    await Promise.all(this.#workersOf(runId, options).map((worker) => worker.stop(0)));
  }

  #workersOf(runId: string, { workers }: HostRunOptions): WorkerProcess[] {
    const { root, workerProgram: program } = this.#options;
    return Array.from(
      { length: workers },
      (_, workerId) => new WorkerProcess({ root, runId, workerId, program }),
    );
  }
}
