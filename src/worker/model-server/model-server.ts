import { setMaxListeners } from 'node:events';
import { WaitQueue } from '../../async/queues.ts';
import { weightTokens } from '../../core/child-environment.ts';
import { portPlaceholder } from '../../core/engine/serve-command.ts';
import { backoffDelayMs } from '../../core/run/backoff.ts';
import { messageOf } from '../../errors/app-error.ts';
import type { Clock } from '../../ports/clock.ts';
import type { ModelServerStatus } from '../../protocol/slot.ts';
import { ProgramOutput, secretsIn } from '../program/program-output.ts';
import { freePort, ProgramProcess } from '../program/program-process.ts';
import type { RotatingLog } from '../program/rotating-log.ts';
import { EngineError } from '../tasks/engine-error.ts';
import type { ModelServerLimits } from './limits.ts';
import type { LoadTimes } from './load-times.ts';
import { RestartPolicy, type ServerEnd } from './restart-policy.ts';
import { awaitHealth, HealthCheck, RunningServer } from './running-server.ts';
import {
  cannotStart,
  gaveUp,
  hasNoPort,
  neverReady,
  type ServerDeath,
  type ServerSpec,
  wasStopped,
} from './server-errors.ts';
import { ServerState } from './server-state.ts';

interface ModelServerDeps {
  readonly clock: Clock;
  readonly random01: () => number;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly limits: ModelServerLimits;
  readonly times: LoadTimes;
  readonly output: RotatingLog;
  readonly logPath: string;
  log(line: string): void;
  /** The server just died, maybe of a request. Called before a request can be sent again. */
  onDeath(death: ServerDeath): void;
}

/** A server under load may take its time to say that it is well. */
const longestQueryMs = 5_000;

/** A model's server, from its first start to its last end: loaded, watched, and started again when it dies. */
export class ModelServer {
  readonly spec: ServerSpec;
  readonly #deps: ModelServerDeps;
  readonly #state: ServerState;
  readonly #restarts: RestartPolicy;
  readonly #changes = new WaitQueue();
  readonly #stopping = new AbortController();
  #process: ProgramProcess | null = null;
  #running: RunningServer | null = null;
  #failure: EngineError | null = null;
  #life: Promise<void> = Promise.resolve();

  constructor(spec: ServerSpec, deps: ModelServerDeps) {
    this.spec = spec;
    this.#deps = deps;
    this.#state = new ServerState(spec.model || (spec.command[0] ?? ''), deps.clock);
    this.#restarts = new RestartPolicy(deps.limits);
    setMaxListeners(0, this.#stopping.signal);
  }

  /** It failed for good, or was stopped. */
  get isOver(): boolean {
    return this.#failure !== null;
  }

  get status(): ModelServerStatus {
    return this.#state.status;
  }

  /** What it does while it cannot be asked, for a person; null while it can. */
  get waitReason(): string | null {
    return this.#running ? null : this.#state.text;
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
    this.#restarts.progressed();
  }

  /** Starts it as soon as `before` is done; keeps it alive until it is stopped or fails for good. */
  start(before: Promise<unknown>): void {
    this.#life = before
      .then(() => this.#live())
      .catch((error: unknown) => this.#end(error))
      .finally(() => this.#deps.output.close());
  }

  /** Ends it, and waits until nothing of it is left. Safe to call twice. */
  async stop(): Promise<void> {
    if (!this.#stopping.signal.aborted) {
      this.#failure ??= wasStopped(this.spec);
      this.#state.stopped();
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
      const { end, death } = await this.#liveOnce();
      if (signal.aborted) return;
      this.#deps.log(`ended (${death.how})${death.outputTail === '' ? '' : `: ${death.outputTail}`}`);
      const reason = this.#restarts.ended(end);
      if (reason !== null) throw gaveUp(this.spec, reason, death, this.#deps.logPath);
      this.#state.restarting(death.how);
      if (end === 'port-taken') continue;
      const pauseMs = backoffDelayMs(this.#restarts.deaths, this.#deps.limits.restart, this.#deps.random01());
      await this.#deps.clock.sleep(pauseMs, signal);
    }
  }

  async #liveOnce(): Promise<{ end: ServerEnd; death: ServerDeath }> {
    const { limits, clock, logPath } = this.#deps;
    const { signal } = this.#stopping;
    const port = await freePort();
    const output = new ProgramOutput(this.#deps.output, secretsIn(this.#deps.environment));
    const process = await this.#launch(port, output);
    const health = new HealthCheck(port, Math.min(longestQueryMs, limits.hungMs));
    try {
      const timeoutMs = limits.startupTimeoutMs;
      const state = await awaitHealth(process, health, { clock, timeoutMs, signal });
      if (state === 'late') throw neverReady(this.spec, timeoutMs, output.tail(), logPath);
      if (state === 'well') this.#open(new RunningServer(port, process, health));
      const death = { how: await process.ended, outputTail: output.tail() };
      if (state === 'well') this.#died(death);
      return { end: endOf(state, output), death };
    } finally {
      if (!process.hasEnded) await process.stop();
      health.close();
    }
  }

  async #launch(port: number, output: ProgramOutput): Promise<ProgramProcess> {
    if (!this.spec.command.some((part) => part.includes(portPlaceholder))) throw hasNoPort(this.spec);
    const command = this.spec.command.map((part) => part.replaceAll(portPlaceholder, String(port)));
    this.#state.loading(await this.#deps.times.expected(this.spec.command));
    this.#changes.wakeAll();
    const { environment, limits } = this.#deps;
    try {
      const { stopGraceMs } = limits;
      const secretVariables = [this.spec.keyVariable ?? null, ...weightTokens];
      const start = { command, environment, secretVariables, output, stopGraceMs };
      this.#process = await ProgramProcess.start(start);
    } catch (error) {
      throw cannotStart(this.spec, error);
    }
    this.#deps.log(`started: process ${this.#process.pid} on port ${port}`);
    if (this.#stopping.signal.aborted) await this.#process.stop();
    return this.#process;
  }

  #open(running: RunningServer): void {
    const loadMs = this.#state.elapsedMs;
    this.#restarts.loaded();
    this.#state.ready();
    this.#running = running;
    this.#deps.log(`ready after ${Math.round(loadMs / 1000)} s`);
    this.#changes.wakeAll();
    this.#deps.times
      .learn(this.spec.command, loadMs)
      .catch((error: unknown) => this.#deps.log(`cannot note the load time: ${messageOf(error)}`));
  }

  #died(death: ServerDeath): void {
    const running = this.#running;
    if (!running) return;
    this.#running = null;
    this.#deps.onDeath(death);
    running.end(new Error(`the model's server died (${death.how})`));
  }

  /** What ends its life for good, unless it was stopped before. */
  #end(error: unknown): void {
    if (this.#failure === null) {
      this.#failure = asFatal(error);
      this.#state.failed(this.#failure.message);
      this.#deps.log(`${this.#failure.message}`);
    }
    this.#changes.wakeAll();
  }
}

function endOf(state: 'well' | 'ended', output: ProgramOutput): ServerEnd {
  if (state === 'well') return 'died-serving';
  return output.hasWritten(/address already in use|EADDRINUSE/i) ? 'port-taken' : 'died-loading';
}

function asFatal(error: unknown): EngineError {
  if (error instanceof EngineError) return error;
  const message = `The model's server cannot be kept running: ${messageOf(error)}`;
  return new EngineError({ code: 'engine-failed', class: 'fatal', message, cause: error });
}
