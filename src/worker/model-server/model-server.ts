import { setMaxListeners } from 'node:events';
import { WaitQueue } from '../../async/wait-queue.ts';
import { portPlaceholder } from '../../core/engine/serve-command.ts';
import { backoffDelayMs } from '../../core/run/backoff.ts';
import { messageOf } from '../../errors/app-error.ts';
import type { Clock } from '../../ports/clock.ts';
import type { EngineServerStatus } from '../../protocol/slot.ts';
import { EngineError } from '../engines/engine.ts';
import { awaitHealth } from './await-health.ts';
import { freePort } from './free-port.ts';
import { HealthCheck } from './health.ts';
import type { EngineServerLimits } from './limits.ts';
import type { LoadTimes } from './load-times.ts';
import { RestartTally, type ServerEnd } from './restart-policy.ts';
import type { RotatingLog } from './rotating-log.ts';
import { RunningServer } from './running-server.ts';
import { cannotStart, gaveUp, hasNoPort, neverReady, wasStopped } from './server-errors.ts';
import { ServerOutput, secretsIn } from './server-output.ts';
import { ServerProcess } from './server-process.ts';
import { ServerStory } from './server-state.ts';

/** What a server is built from. */
interface EngineServerParts {
  readonly clock: Clock;
  readonly random01: () => number;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly limits: EngineServerLimits;
  readonly times: LoadTimes;
  readonly output: RotatingLog;
  /** Where `output` lies, to name it in errors. */
  readonly logPath: string;
  log(line: string): void;
  /** The server just died: whose fault was it? Called before anybody can ask again. */
  onDeath(how: string, lastWords: string): void;
}

/** Which server. */
export interface ServerWish {
  /** Program and arguments, with `{port}` in them. */
  readonly command: readonly string[];
  readonly model: string;
}

/** A server under load may take its time to say that it is well. */
const longestLookMs = 5_000;

/** A model's server, from its first start to its last end: loaded, watched, and started again when it dies. */
export class EngineServer {
  readonly wish: ServerWish;
  readonly #parts: EngineServerParts;
  readonly #story: ServerStory;
  readonly #tally: RestartTally;
  readonly #changes = new WaitQueue();
  readonly #stopping = new AbortController();
  #process: ServerProcess | null = null;
  #running: RunningServer | null = null;
  #failure: EngineError | null = null;
  #life: Promise<void> = Promise.resolve();

  constructor(wish: ServerWish, parts: EngineServerParts) {
    this.wish = wish;
    this.#parts = parts;
    this.#story = new ServerStory(wish.model || (wish.command[0] ?? ''), parts.clock);
    this.#tally = new RestartTally(parts.limits);
    setMaxListeners(0, this.#stopping.signal);
  }

  /** It failed for good, or was stopped. */
  get isOver(): boolean {
    return this.#failure !== null;
  }

  get status(): EngineServerStatus {
    return this.#story.status;
  }

  /** What it does while it cannot be asked, for a person; null while it can. */
  get trouble(): string | null {
    return this.#running ? null : this.#story.words;
  }

  /** The server, once it can be asked. Rejects with a fatal {@link EngineError} when it never will be. */
  async ready(signal: AbortSignal): Promise<RunningServer> {
    for (;;) {
      signal.throwIfAborted();
      if (this.#failure) throw this.#failure;
      if (this.#running) return this.#running;
      await this.#changes.wait(signal);
    }
  }

  /** A request was answered: restarting it is worth the while. */
  answered(): void {
    this.#tally.progressed();
  }

  /** Starts it as soon as `before` is done; keeps it alive until it is stopped or fails for good. */
  start(before: Promise<unknown>): void {
    this.#life = before
      .then(() => this.#live())
      .catch((error: unknown) => this.#end(error))
      .finally(() => this.#parts.output.close());
  }

  /** Ends it, and waits until nothing of it is left. Safe to call twice. */
  async stop(): Promise<void> {
    if (!this.#stopping.signal.aborted) {
      this.#failure ??= wasStopped(this.wish);
      this.#story.stopped();
      this.#stopping.abort(this.#failure);
      this.#running?.end(this.#failure);
      this.#running = null;
      this.#changes.wakeAll();
    }
    await this.#process?.stop();
    await this.#life;
  }

  async #live(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      const { how, words, lastWords } = await this.#liveOnce();
      if (signal.aborted) return;
      this.#parts.log(`ended (${words})${lastWords === '' ? '' : `: ${lastWords}`}`);
      const reason = this.#tally.ended(how);
      if (reason !== null) throw gaveUp(this.wish, reason, words, lastWords, this.#parts.logPath);
      this.#story.restarting(words);
      if (how === 'port-taken') continue;
      const pauseMs = backoffDelayMs(this.#tally.deaths, this.#parts.limits.restart, this.#parts.random01());
      await this.#parts.clock.sleep(pauseMs, signal);
    }
  }

  async #liveOnce(): Promise<{ how: ServerEnd; words: string; lastWords: string }> {
    const { limits, clock, logPath } = this.#parts;
    const { signal } = this.#stopping;
    const port = await freePort();
    const output = new ServerOutput(this.#parts.output, secretsIn(this.#parts.environment));
    const process = await this.#launch(port, output);
    const health = new HealthCheck(port, Math.min(longestLookMs, limits.hungMs));
    try {
      const timeoutMs = limits.startupTimeoutMs;
      const state = await awaitHealth(process, health, { clock, timeoutMs, signal });
      if (state === 'late') throw neverReady(this.wish, timeoutMs, output.quote(), logPath);
      if (state === 'well') this.#open(new RunningServer(port, process, health));
      const words = await process.ended;
      const lastWords = output.quote();
      if (state === 'well') this.#died(words, lastWords);
      return { how: endOf(state, output), words, lastWords };
    } finally {
      if (!process.hasEnded) await process.stop();
      health.close();
    }
  }

  async #launch(port: number, output: ServerOutput): Promise<ServerProcess> {
    if (!this.wish.command.some((part) => part.includes(portPlaceholder))) throw hasNoPort(this.wish);
    const command = this.wish.command.map((part) => part.replaceAll(portPlaceholder, String(port)));
    this.#story.loading(await this.#parts.times.expected(this.wish.command));
    this.#changes.wakeAll();
    const { environment, limits } = this.#parts;
    try {
      const { stopGraceMs } = limits;
      this.#process = await ServerProcess.start({ command, environment, output, stopGraceMs });
    } catch (error) {
      throw cannotStart(this.wish, error);
    }
    this.#parts.log(`started: process ${this.#process.pid} on port ${port}`);
    if (this.#stopping.signal.aborted) await this.#process.stop();
    return this.#process;
  }

  #open(running: RunningServer): void {
    const loadMs = this.#story.elapsedMs;
    this.#tally.loaded();
    this.#story.ready();
    this.#running = running;
    this.#parts.log(`ready after ${Math.round(loadMs / 1000)} s`);
    this.#changes.wakeAll();
    this.#parts.times
      .learn(this.wish.command, loadMs)
      .catch((error: unknown) => this.#parts.log(`cannot note the load time: ${messageOf(error)}`));
  }

  #died(how: string, lastWords: string): void {
    const running = this.#running;
    if (!running) return;
    this.#running = null;
    this.#parts.onDeath(how, lastWords);
    running.end(new Error(`the model's server died (${how})`));
  }

  /** What ends its life for good, unless it was stopped before. */
  #end(error: unknown): void {
    if (this.#failure === null) {
      this.#failure = asFatal(error);
      this.#story.failed(this.#failure.message);
      this.#parts.log(`${this.#failure.message}`);
    }
    this.#changes.wakeAll();
  }
}

function endOf(state: 'well' | 'ended', output: ServerOutput): ServerEnd {
  if (state === 'well') return 'died-serving';
  return output.hasSaid(/address already in use|EADDRINUSE/i) ? 'port-taken' : 'died-loading';
}

function asFatal(error: unknown): EngineError {
  if (error instanceof EngineError) return error;
  const message = `The model's server cannot be kept running: ${messageOf(error)}`;
  return new EngineError({ code: 'engine-failed', class: 'fatal', message, cause: error });
}
