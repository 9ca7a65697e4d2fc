import { WaitQueue } from '../../async/queues.ts';
import type { Clock } from '../../ports/clock.ts';
import type { FileStore } from '../../ports/file-store.ts';
import type { EngineSpec } from '../../protocol/manifest.ts';
import type { ModelServerStatus } from '../../protocol/slot.ts';
import { RotatingLog } from '../program/rotating-log.ts';
import { type ModelServerLimits, modelServerLimits } from './limits.ts';
import { LoadTimes } from './load-times.ts';
import { ModelServer } from './model-server.ts';
import { type ServerSpec, wasStopped } from './server-errors.ts';
import { ServerRequests } from './server-requests.ts';

interface ModelServersDeps {
  /** The host's root: load times are kept there. */
  readonly store: FileStore;
  readonly slotId: number;
  readonly clock: Clock;
  readonly random01: () => number;
  /** The server's own log file, an absolute path. */
  readonly logPath: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  log(line: string): void;
  readonly limits?: Partial<ModelServerLimits>;
}

export interface ServedModel {
  readonly server: ModelServer;
  readonly requests: ServerRequests;
}

/** The right to use the server of one command; several engines may have the same one. */
export interface ServerLease {
  readonly waitReason: string | null;
  /**
   * The server, as soon as it is the slot's: `take` may have to wait until the one before is not used any more. It may
   * still load. Rejects with the signal's reason when that aborts, with a fatal `EngineError` when the slot ends.
   */
  take(signal: AbortSignal): Promise<ServedModel>;
  /** The server is not needed any more; it stays warm. Safe to call twice. */
  release(): void;
}

/** An engine that holds a lease. */
interface User {
  readonly spec: ServerSpec;
  readonly concurrency: number;
  isWaiting: boolean;
  isReleased: boolean;
}

/** The servers that a slot starts itself: one at a time, shared by its runs, kept warm between them. */
export class ModelServers {
  readonly #deps: ModelServersDeps;
  readonly #limits: ModelServerLimits;
  readonly #times: LoadTimes;
  /** What the slot's programs write. */
  readonly output: RotatingLog;
  readonly #users = new Set<User>();
  readonly #changes = new WaitQueue();
  #current: ServedModel | null = null;
  #isStopped = false;

  constructor(deps: ModelServersDeps) {
    this.#deps = deps;
    this.#limits = { ...modelServerLimits, ...deps.limits };
    this.#times = new LoadTimes(deps.store);
    this.output = new RotatingLog(deps.logPath, this.#limits.maxLogBytes);
  }

  /** A right to the server that this spec's command starts. Nothing is started before it is taken. */
  lease({ command = [], model, concurrency, api_key_env: keyVariable }: EngineSpec): ServerLease {
    const spec = { command, model, keyVariable };
    const user: User = { spec, concurrency, isWaiting: false, isReleased: false };
    const waitReason = () => this.#waitReasonOf(user);
    return {
      get waitReason() {
        return waitReason();
      },
      take: (signal) => this.#take(user, signal),
      release: () => {
        user.isReleased = true;
        if (this.#users.delete(user)) this.#changes.wakeAll();
      },
    };
  }

  /**
   * Has the GPU for another program: the present server is stopped once no run uses it, and none starts until the returned
   * function is called. Rejects with the signal's reason.
   */
  async reserve(signal: AbortSignal): Promise<() => void> {
    while (this.#users.size > 0) await this.#changes.wait(signal);
    const user: User = {
      spec: { command: [], model: '' },
      concurrency: 1,
      isWaiting: false,
      isReleased: false,
    };
    this.#users.add(user);
    await this.#current?.server.stop();
    return () => {
      if (this.#users.delete(user)) this.#changes.wakeAll();
    };
  }

  status(): ModelServerStatus | null {
    return this.#current?.server.status ?? null;
  }

  /** Stops the server, unless it is used. */
  async offload(): Promise<void> {
    if (this.#users.size === 0) await this.#current?.server.stop();
  }

  /** Stops the server, and starts none any more. Resolves when nothing of it is left. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#changes.wakeAll();
    await this.#current?.server.stop();
  }

  async #take(user: User, signal: AbortSignal): Promise<ServedModel> {
    user.isWaiting = true;
    try {
      for (;;) {
        signal.throwIfAborted();
        if (this.#isStopped || user.isReleased) throw wasStopped(user.spec);
        const served = this.#present(user.spec) ?? this.#replace(user);
        if (served) {
          this.#users.add(user);
          return served;
        }
        await this.#changes.wait(signal);
      }
    } finally {
      user.isWaiting = false;
    }
  }

  #waitReasonOf(user: User): string | null {
    if (!user.isWaiting || this.#users.size === 0 || this.#users.has(user)) return null;
    return `waiting until the model ${this.status()?.model ?? ''} is not used any more`;
  }

  /** The present server, when it is the wanted one and can still be used. */
  #present(spec: ServerSpec): ServedModel | null {
    const { server } = this.#current ?? {};
    const isWanted = JSON.stringify(server?.spec) === JSON.stringify(spec);
    return isWanted && !server?.isOver ? this.#current : null;
  }

  /** Starts another server in place of the present one; null while that one is used. */
  #replace(user: User): ServedModel | null {
    if (this.#users.size > 0) return null;
    const before = this.#current?.server.stop() ?? Promise.resolve();
    this.#current = this.#build(user);
    this.#current.server.start(before);
    return this.#current;
  }

  #build({ spec, concurrency }: User): ServedModel {
    const { clock, random01, environment, logPath, slotId } = this.#deps;
    const log = (line: string) => this.#deps.log(`model server ${slotId}: ${line}`);
    // Halving so many requests takes so many deaths, and these are no reason to give up.
    const halvings = 3 + Math.ceil(Math.log2(concurrency));
    const maxFruitlessDeaths = Math.max(this.#limits.maxFruitlessDeaths, halvings);
    const server = new ModelServer(spec, {
      clock,
      random01,
      environment,
      limits: { ...this.#limits, maxFruitlessDeaths },
      times: this.#times,
      output: this.output,
      logPath,
      log,
      onDeath: (death) => requests.onDeath(death),
    });
    const requests = new ServerRequests({ server, hungMs: this.#limits.hungMs, logPath, log });
    return { server, requests };
  }
}
