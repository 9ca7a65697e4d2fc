import type { Agent } from 'node:http';
import type Dockerode from 'dockerode';
import { backoffDelayMs } from '../../core/run/backoff.ts';
import { AppError } from '../../errors/app-error.ts';
import type { Clock } from '../../ports/clock.ts';
import {
  asHostError,
  connectionFailureOf,
  type DaemonLocation,
  SilenceError,
  statusOf,
} from './docker-errors.ts';
import { dockerOver, type OpenDocker } from './open-docker.ts';

/** The oldest API that can give GPUs to containers: Docker 19.03. */
const oldestApi = { major: 1, minor: 40 };

/** How long an engine that never answered may be away, in milliseconds: long enough for one that is starting. */
const firstRetryForMs = 3_000;

const backoff = { baseDelayMs: 100, maxDelayMs: 2_000 };

/** What a {@link DockerClient} is made of. */
interface DockerClientOptions extends DaemonLocation {
  /** Leads to the engine's socket; keeps connections open between calls. Its owner destroys it. */
  readonly agent: Agent;
  readonly clock: Clock;
  /** Random numbers from 0 up to, but not including, 1. */
  readonly random01: () => number;
  /** How long an engine that has answered before may be away, in milliseconds; one that restarts takes seconds. */
  readonly retryForMs?: number;
}

/** Bounds of one call. */
export interface CallLimits {
  /** How long nothing may come before an attempt is given up, in milliseconds. 30 s unless told. */
  readonly silenceMs?: number;
  /** How long the engine may be away, in milliseconds, in place of the client's own patience. */
  readonly retryForMs?: number;
  readonly signal?: AbortSignal;
}

/**
 * What a call does with the engine. Requests of this dockerode end with the attempt; `noteProgress` says that
 * something came, so that silence and patience begin anew.
 */
type DockerWork<T> = (docker: Dockerode, noteProgress: () => void) => Promise<T>;

/** What the engine says of itself. */
interface DaemonVersion {
  readonly version: string;
  readonly apiVersion: string;
}

/**
 * One Docker engine. Calls are repeated on new connections while the engine cannot be reached, so what they do
 * must be safe to repeat; answers of the engine, errors among them, are never repeated.
 */
export class DockerClient {
  readonly daemon: DaemonLocation;
  readonly #parts: DockerClientOptions;
  readonly #open: OpenDocker;
  #hasAnswered = false;
  #version: Promise<DaemonVersion> | null = null;

  constructor(parts: DockerClientOptions) {
    this.#parts = parts;
    this.daemon = { hostName: parts.hostName, socketPath: parts.socketPath };
    this.#open = dockerOver(parts.agent);
  }

  /**
   * Runs `work`, again and again while connections fail.
   *
   * @throws AppError `host-refused`, `host-unreachable`, and what the agent throws; dockerode's error with a status
   *   (see `statusOf`) when the engine said no; the signal's reason.
   */
  async call<T>(work: DockerWork<T>, limits: CallLimits = {}): Promise<T> {
    await this.version(limits.signal);
    return await this.#persist(work, limits);
  }

  /** Like `call`, for something that may not be there: null when the engine answers 404. */
  async find<T>(work: DockerWork<T>, limits: CallLimits = {}): Promise<T | null> {
    try {
      return await this.call(work, limits);
    } catch (error) {
      if (statusOf(error) === 404) return null;
      throw error;
    }
  }

  /** Asked once. @throws AppError `host-refused` for an engine that is too old or runs no Linux containers. */
  async version(signal?: AbortSignal): Promise<DaemonVersion> {
    this.#version ??= this.#askVersion().catch((error: unknown) => {
      this.#version = null;
      throw error;
    });
    return signal ? await untilAborted(this.#version, signal) : await this.#version;
  }

  async #askVersion(): Promise<DaemonVersion> {
    const answer = await this.#persist((docker) => docker.version(), {});
    const { Version: version, ApiVersion: apiVersion, Os: system } = answer;
    const refusal =
      system === 'linux' ? refuseOld(version, apiVersion) : `runs ${system} containers, not Linux ones`;
    if (refusal !== null)
      throw new AppError({
        code: 'host-refused',
        message: `${this.daemon.hostName}: the Docker engine ${refusal}.`,
        nextStep: 'Install Docker Engine 20.10 or newer there: https://docs.docker.com/engine/install/',
      });
    return { version, apiVersion };
  }

  async #persist<T>(work: DockerWork<T>, limits: CallLimits): Promise<T> {
    let failures = 0;
    let awaySinceMs: number | null = null;
    const noteProgress = () => {
      this.#hasAnswered = true;
      failures = 0;
      awaySinceMs = null;
    };
    for (;;) {
      try {
        const result = await this.#attempt(work, limits, noteProgress);
        this.#hasAnswered = true;
        return result;
      } catch (error) {
        limits.signal?.throwIfAborted();
        awaySinceMs ??= performance.now();
        this.#giveUpOn(error, performance.now() - awaySinceMs, limits.retryForMs ?? this.#retryForMs);
      }
      failures += 1;
      const delayMs = backoffDelayMs(failures, backoff, this.#parts.random01());
      await this.#parts.clock.sleep(delayMs, limits.signal);
    }
  }

  /** Throws what a caller should see, unless another attempt is worth it. */
  #giveUpOn(error: unknown, awayMs: number, retryForMs: number): void {
    const failure = connectionFailureOf(error);
    if (failure === null) {
      if (statusOf(error) !== null) this.#hasAnswered = true;
      throw error;
    }
    if (failure === 'refused' || awayMs >= retryForMs) throw asHostError(failure, this.daemon, error);
  }

  get #retryForMs(): number {
    return this.#hasAnswered ? (this.#parts.retryForMs ?? 60_000) : firstRetryForMs;
  }

  async #attempt<T>(work: DockerWork<T>, limits: CallLimits, noteProgress: () => void): Promise<T> {
    limits.signal?.throwIfAborted();
    const silenceMs = limits.silenceMs ?? 30_000;
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(new SilenceError(silenceMs)), silenceMs);
    const giveUp = () => abort.abort(limits.signal?.reason);
    limits.signal?.addEventListener('abort', giveUp, { once: true });
    const noteSign = () => {
      timer.refresh();
      noteProgress();
    };
    try {
      return await untilAborted(work(this.#open(abort.signal), noteSign), abort.signal);
    } finally {
      clearTimeout(timer);
      limits.signal?.removeEventListener('abort', giveUp);
      // Ends what a failed attempt may have left under way, such as a body that nobody reads to its end.
      abort.abort(new Error('the attempt is over'));
    }
  }
}

function refuseOld(version: string, apiVersion: string): string | null {
  const [major = 0, minor = 0] = apiVersion.split('.').map(Number);
  const isOld = major < oldestApi.major || (major === oldestApi.major && minor < oldestApi.minor);
  return isOld ? `is too old (${version})` : null;
}

/** Settles like the promise, or rejects with the signal's reason as soon as that aborts. */
async function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  let stop = () => {};
  const aborted = new Promise<never>((_resolve, reject) => {
    stop = () => reject(signal.reason);
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
