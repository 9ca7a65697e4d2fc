import { RemoteMachine, type RemoteMachineOptions } from './remote-machine.ts';

/** How long a machine that nobody uses stays connected, in milliseconds. */
const idleMs = 5_000;

/** A machine for calls that are over soon: they share its connections, which are let go of when no more calls come. */
export class SharedMachine {
  readonly #parts: RemoteMachineOptions;
  #machine: Promise<RemoteMachine> | null = null;
  #users = 0;
  #idle: NodeJS.Timeout | null = null;

  constructor(parts: RemoteMachineOptions) {
    this.#parts = parts;
  }

  async use<Value>(call: (machine: RemoteMachine) => Promise<Value>): Promise<Value> {
    if (this.#idle) clearTimeout(this.#idle);
    this.#users += 1;
    try {
      this.#machine ??= RemoteMachine.at(this.#parts);
      return await call(await this.#machine);
    } finally {
      this.#users -= 1;
      if (this.#users === 0) this.#idle = setTimeout(() => void this.close(), idleMs);
    }
  }

  /** Lets go of the machine; the next call connects anew. */
  async close(): Promise<void> {
    if (this.#idle) clearTimeout(this.#idle);
    const machine = this.#machine;
    this.#machine = null;
    await (await machine?.catch(() => null))?.close();
  }
}
