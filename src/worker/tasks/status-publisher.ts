import { messageOf } from '../../errors/app-error.ts';
import type { Clock } from '../../ports/clock.ts';
import type { FileStore } from '../../ports/file-store.ts';
import { layout } from '../../protocol/layout.ts';
import type { WorkerStatus } from '../../protocol/worker-status.ts';

/** What the board is built from. */
interface StatusBoardParts {
  readonly workerId: number;
  /** The run folder. */
  readonly store: FileStore;
  readonly clock: Clock;
  /** The status as it is now. */
  current(): WorkerStatus;
  /** Called with every status that is shown. */
  onShown(status: WorkerStatus): void;
  log(line: string): void;
}

/** Changes of mere numbers are shown at most this often. */
const numbersIntervalMs = 500;

/** Shows the worker's status: to listeners, and in its status file. State changes at once, numbers now and then. */
export class StatusBoard {
  readonly #parts: StatusBoardParts;
  #shownState = '';
  #isShowDue = false;
  #isWritten = true;
  #writing: Promise<void> = Promise.resolve();
  #failedWrites = 0;
  #isClosed = false;

  constructor(parts: StatusBoardParts) {
    this.#parts = parts;
  }

  /** Something may have changed. */
  update(): void {
    const { status, message } = this.#parts.current();
    if (`${status} ${message}` !== this.#shownState) this.show();
    else if (!this.#isShowDue) void this.#showLater();
  }

  /** Shows the status now. */
  show(): void {
    if (this.#isClosed) return;
    const status = this.#parts.current();
    this.#shownState = `${status.status} ${status.message}`;
    this.#parts.onShown(status);
    this.#isWritten = false;
    this.#writing = this.#writing.then(() => this.#writeLatest());
  }

  /** Shows the last status. Resolves when the file holds it, or could not be written; then nothing is shown. */
  async close(): Promise<void> {
    this.show();
    this.#isClosed = true;
    await this.#writing;
  }

  async #showLater(): Promise<void> {
    this.#isShowDue = true;
    await this.#parts.clock.sleep(numbersIntervalMs);
    this.#isShowDue = false;
    this.show();
  }

  /** Several shows during one write become one write. */
  async #writeLatest(): Promise<void> {
    if (this.#isWritten) return;
    this.#isWritten = true;
    const path = layout.workerStatus(this.#parts.workerId);
    try {
      await this.#parts.store.publish(path, `${JSON.stringify(this.#parts.current(), null, 2)}\n`);
      this.#failedWrites = 0;
    } catch (error) {
      this.#failedWrites += 1;
      if (this.#failedWrites === 1) this.#parts.log(`cannot write ${path}: ${messageOf(error)}`);
    }
  }
}
