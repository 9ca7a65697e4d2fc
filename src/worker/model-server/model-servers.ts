import { WaitQueue } from '../../async/wait-queue.ts';
import type { Clock } from '../../ports/clock.ts';
import type { FileStore } from '../../ports/file-store.ts';
import type { EngineSpec } from '../../protocol/manifest.ts';
import type { EngineServerStatus } from '../../protocol/slot.ts';
import { type EngineServerLimits, engineServerLimits } from './limits.ts';
import { LoadTimes } from './load-times.ts';
import { EngineServer, type ServerWish } from './model-server.ts';
import { RotatingLog } from './rotating-log.ts';
import { wasStopped } from './server-errors.ts';
import { type ServedModel, ServerLease } from './server-lease.ts';
import { RequestHunt } from './server-requests.ts';

/** What a slot's engine servers are built from. */
interface EngineServersParts {
  /** The host's root: load times are kept there. */
  readonly store: FileStore;
  readonly slotId: number;
  readonly clock: Clock;
  readonly random01: () => number;
  /** The engine's own log file, an absolute path. */
  readonly logPath: string;
  /** What the server's process gets as its environment. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  log(line: string): void;
  /** The usual ones, unless given. */
  readonly limits?: Partial<EngineServerLimits>;
}

/** The servers that a slot starts itself: one at a time, shared by its runs, kept warm between them. */
export class EngineServers {
  readonly #parts: EngineServersParts;
  readonly #limits: EngineServerLimits;
  readonly #times: LoadTimes;
  readonly #output: RotatingLog;
  readonly #users = new Set<ServerLease>();
  readonly #changes = new WaitQueue();
  #current: ServedModel | null = null;
  #isStopped = false;

  constructor(parts: EngineServersParts) {
    this.#parts = parts;
    this.#limits = { ...engineServerLimits, ...parts.limits };
    this.#times = new LoadTimes(parts.store);
    this.#output = new RotatingLog(parts.logPath, this.#limits.maxLogBytes);
  }

  /** A right to the server that this spec's command starts. Nothing is started before it is taken. */
  lease(spec: EngineSpec): ServerLease {
    const { command = [], model, concurrency } = spec;
    return new ServerLease(
      { command, model },
      {
        take: (lease, signal) => this.#take(lease, concurrency, signal),
        release: (lease) => {
          if (this.#users.delete(lease)) this.#changes.wakeAll();
        },
        waitingFor: (lease) =>
          this.#users.size === 0 || this.#users.has(lease)
            ? null
            : `waiting until the model ${this.status()?.model ?? ''} is not used any more`,
      },
    );
  }

  /** How the server is; null before there was one. */
  status(): EngineServerStatus | null {
    return this.#current?.server.status ?? null;
  }

  /** Stops the server, unless somebody uses it. */
  async offload(): Promise<void> {
    if (this.#users.size === 0) await this.#current?.server.stop();
  }

  /** Stops the server, and starts none any more. Resolves when nothing of it is left. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#changes.wakeAll();
    await this.#current?.server.stop();
  }

  async #take(lease: ServerLease, concurrency: number, signal: AbortSignal): Promise<ServedModel> {
    for (;;) {
      signal.throwIfAborted();
      if (this.#isStopped || lease.isReleased) throw wasStopped(lease.wish);
      const served = this.#present(lease.wish) ?? this.#replace(lease.wish, concurrency);
      if (served) {
        this.#users.add(lease);
        return served;
      }
      await this.#changes.wait(signal);
    }
  }

  /** The server there is, when it is the wanted one and can still be used. */
  #present(wish: ServerWish): ServedModel | null {
    const { server } = this.#current ?? {};
    return server && !server.isOver && isSame(server.wish, wish) ? this.#current : null;
  }

  /** Starts another server in place of the one there is; null while that one is used. */
  #replace(wish: ServerWish, concurrency: number): ServedModel | null {
    if (this.#users.size > 0) return null;
    const before = this.#current?.server.stop() ?? Promise.resolve();
    this.#current = this.#build(wish, concurrency);
    this.#current.server.start(before);
    return this.#current;
  }

  #build(wish: ServerWish, concurrency: number): ServedModel {
    const { clock, random01, environment, logPath, slotId } = this.#parts;
    const log = (line: string) => this.#parts.log(`engine server ${slotId}: ${line}`);
    // Halving so many requests takes so many deaths, and these are no reason to give up.
    const halvings = 3 + Math.ceil(Math.log2(concurrency));
    const maxBarrenDeaths = Math.max(this.#limits.maxBarrenDeaths, halvings);
    const server = new EngineServer(wish, {
      clock,
      random01,
      environment,
      limits: { ...this.#limits, maxBarrenDeaths },
      times: this.#times,
      output: this.#output,
      logPath,
      log,
      onDeath: (how, lastWords) => hunt.onDeath(how, lastWords),
    });
    const hunt = new RequestHunt({ server, hungMs: this.#limits.hungMs, logPath, log });
    return { server, hunt };
  }
}

function isSame(a: ServerWish, b: ServerWish): boolean {
  return a.model === b.model && JSON.stringify(a.command) === JSON.stringify(b.command);
}
