import type { EngineServer, ServerWish } from './model-server.ts';
import type { RequestHunt } from './server-requests.ts';

/** A server and the requests to it. */
export interface ServedModel {
  readonly server: EngineServer;
  readonly hunt: RequestHunt;
}

/** What leases ask of whoever gives them. */
interface LeaseOffice {
  take(lease: ServerLease, signal: AbortSignal): Promise<ServedModel>;
  release(lease: ServerLease): void;
  /** Whose end is waited for, for a person; null when nobody's is. */
  waitingFor(lease: ServerLease): string | null;
}

/** The right to use the server of one command; several may have the same one. */
export class ServerLease {
  readonly wish: ServerWish;
  readonly #office: LeaseOffice;
  #isWaiting = false;
  #isReleased = false;

  constructor(wish: ServerWish, office: LeaseOffice) {
    this.wish = wish;
    this.#office = office;
  }

  get isReleased(): boolean {
    return this.#isReleased;
  }

  /** Why `take` waits, for a person; null while it does not. */
  get trouble(): string | null {
    return this.#isWaiting ? this.#office.waitingFor(this) : null;
  }

  /**
   * The server, as soon as it is the slot's: it may have to wait until nobody uses the one before. It may still
   * load. Rejects with the signal's reason when that aborts, with a fatal `EngineError` when the slot ends.
   */
  async take(signal: AbortSignal): Promise<ServedModel> {
    this.#isWaiting = true;
    try {
      return await this.#office.take(this, signal);
    } finally {
      this.#isWaiting = false;
    }
  }

  /** The server is not needed any more; it stays warm. Safe to call twice. */
  release(): void {
    this.#isReleased = true;
    this.#office.release(this);
  }
}
