import { RemoteMachine, type RemoteMachineOptions } from './remote-machine.ts';

/** How long a machine stays connected after its last use, in milliseconds. */
const idleMs = 5_000;

/** A machine for short calls: they share its connections, which are closed when no more calls come. */
export class SharedMachine {
  readonly #options: RemoteMachineOptions;
  #machine: Promise<RemoteMachine> | null = null;
  #users = 0;
  #idle: NodeJS.Timeout | null = null;

  constructor(options: RemoteMachineOptions) {
    this.#options = options;
  }

  async use<Value>(call: (machine: RemoteMachine) => Promise<Value>): Promise<Value> {
    if (this.#idle) clearTimeout(this.#idle);
    this.#users += 1;
    try {
      this.#machine ??= RemoteMachine.at(this.#options);
      return await call(await this.#machine);
    } finally {
      this.#users -= 1;
      if (this.#users === 0) this.#idle = setTimeout(() => void this.close(), idleMs);
    }
  }

  /** Closes the connections; the next call opens new ones. */
  async close(): Promise<void> {
    if (this.#idle) clearTimeout(this.#idle);
    const machine = this.#machine;
    this.#machine = null;
    await (await machine?.catch(() => null))?.close();
  }
}
