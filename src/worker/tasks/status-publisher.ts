import { messageOf } from '../../errors/app-error.ts';
import type { Clock } from '../../ports/clock.ts';
import type { FileStore } from '../../ports/file-store.ts';
import { layout } from '../../protocol/layout.ts';
import type { WorkerStatus } from '../../protocol/worker-status.ts';

interface StatusPublisherDeps {
  readonly workerId: number;
  /** The run folder. */
  readonly store: FileStore;
  readonly clock: Clock;
  current(): WorkerStatus;
  onPublish(status: WorkerStatus): void;
  log(line: string): void;
}

/** Changes of mere numbers are published at most this often. */
const numbersIntervalMs = 500;

/** Publishes the worker's status: to listeners, and in its status file. State changes at once, numbers now and then. */
export class StatusPublisher {
  readonly #deps: StatusPublisherDeps;
  #publishedState = '';
  #isPublishDue = false;
  #isWritten = true;
  #writing: Promise<void> = Promise.resolve();
  #failedWrites = 0;
  #isClosed = false;

  constructor(deps: StatusPublisherDeps) {
    this.#deps = deps;
  }

  /** Something may have changed. */
  update(): void {
    if (stateOf(this.#deps.current()) !== this.#publishedState) this.publish();
    else if (!this.#isPublishDue) void this.#publishLater();
  }

  publish(): void {
    if (this.#isClosed) return;
    const status = this.#deps.current();
    this.#publishedState = stateOf(status);
    this.#deps.onPublish(status);
    this.#isWritten = false;
    this.#writing = this.#writing.then(() => this.#writeLatest());
  }

  /** Publishes the last status. Resolves when the file holds it, or could not be written. */
  async close(): Promise<void> {
    this.publish();
    this.#isClosed = true;
    await this.#writing;
  }

  async #publishLater(): Promise<void> {
    this.#isPublishDue = true;
    await this.#deps.clock.sleep(numbersIntervalMs);
    this.#isPublishDue = false;
    this.publish();
  }

  /** Several statuses during one write become one write. */
  async #writeLatest(): Promise<void> {
    if (this.#isWritten) return;
    this.#isWritten = true;
    const path = layout.workerStatus(this.#deps.workerId);
    try {
      await this.#deps.store.publish(path, `${JSON.stringify(this.#deps.current(), null, 2)}\n`);
      this.#failedWrites = 0;
    } catch (error) {
      this.#failedWrites += 1;
      if (this.#failedWrites === 1) this.#deps.log(`cannot write ${path}: ${messageOf(error)}`);
    }
  }
}

function stateOf({ status, message }: WorkerStatus): string {
  return `${status} ${message}`;
}
