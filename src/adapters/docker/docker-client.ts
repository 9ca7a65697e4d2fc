import type { Agent } from 'node:http';
import type Dockerode from 'dockerode';
import { onAbort, unlessAborted } from '../../async/abort.ts';
import { armDeadline, DeadlineError } from '../../async/deadline.ts';
import { loadOnce } from '../../async/load-once.ts';
import { RetryWindow } from '../../async/retry-window.ts';
import { backoffDelayMs } from '../../core/run/backoff.ts';
import { AppError } from '../../errors/app-error.ts';
import type { Clock } from '../../ports/clock.ts';
import { answerAs, versionSchema } from './answers.ts';
import { asHostError, connectionFailureOf, type DaemonLocation, statusOf } from './docker-errors.ts';
import { dockerOver, type OpenDocker } from './open-docker.ts';

/** The oldest API that can give GPUs to containers: Docker 19.03. */
const oldestApi = { major: 1, minor: 40 };

/** How long a daemon that never answered is retried, in milliseconds: long enough for one that is starting. */
const firstRetryForMs = 3_000;

/** How long a daemon that has answered before is retried, in milliseconds; one that restarts takes seconds. */
const defaultRetryForMs = 60_000;

/** How long nothing may arrive before an attempt fails, in milliseconds. */
const defaultSilenceMs = 30_000;

const backoff = { baseDelayMs: 100, maxDelayMs: 2_000 };

interface DockerClientOptions extends DaemonLocation {
  /** Leads to the daemon's socket; keeps connections open between calls. Its owner destroys it. */
  readonly agent: Agent;
  readonly clock: Clock;
  /** Random numbers from 0 up to, but not including, 1. */
  readonly random01: () => number;
  /** How long a daemon that has answered before is retried, in milliseconds. */
  readonly retryForMs?: number;
}

export interface CallLimits {
  /** How long nothing may arrive before an attempt fails, in milliseconds. */
  readonly silenceMs?: number;
  /** How long the daemon is retried, in milliseconds, in place of the client's own time. */
  readonly retryForMs?: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * What a call does with the daemon. Requests of this dockerode end with the attempt; `noteProgress` says that
 * something arrived, so that the times of silence and of retrying start again.
 */
type DockerWork<T> = (docker: Dockerode, noteProgress: () => void) => Promise<T>;

/**
 * One Docker daemon. Calls are repeated on new connections while the daemon cannot be reached, so what they do
 * must be safe to repeat; answers of the daemon, errors among them, are never repeated.
 */
export class DockerClient {
  readonly daemon: DaemonLocation;
  readonly #options: DockerClientOptions;
  readonly #open: OpenDocker;
  readonly #version = loadOnce(() => this.#askVersion());
  #hasAnswered = false;

  constructor(options: DockerClientOptions) {
    this.#options = options;
    this.daemon = { hostName: options.hostName, socketPath: options.socketPath };
    this.#open = dockerOver(options.agent, this.daemon);
  }

  /**
   * Runs `work`, again and again while connections fail.
   *
   * @throws AppError `host-refused`, `host-unreachable`, and what the agent throws; DockerRefusal
   *   (see `statusOf`) when the daemon refused; the signal's reason.
   */
  async call<T>(work: DockerWork<T>, limits: CallLimits = {}): Promise<T> {
    await this.version(limits.signal);
    return await this.#retry(work, limits);
  }

  /** Like `call`, for something that may not be there: null when the daemon answers 404. */
  async find<T>(work: DockerWork<T>, limits: CallLimits = {}): Promise<T | null> {
    try {
      return await this.call(work, limits);
    } catch (error) {
      if (statusOf(error) === 404) return null;
      throw error;
    }
  }

  /** Asked once. @throws AppError `host-refused` for a daemon that is too old or runs no Linux containers. */
  async version(signal?: AbortSignal): Promise<string> {
    return await unlessAborted(this.#version(), signal);
  }

  async #askVersion(): Promise<string> {
    const answer: unknown = await this.#retry((docker) => docker.version(), {});
    const facts = answerAs(versionSchema, answer, 'its version', this.daemon);
    const { Version: version, ApiVersion: apiVersion, Os: system } = facts;
    const refusal =
      system === 'linux' ? refuseOld(version, apiVersion) : `runs ${system} containers, not Linux ones`;
    if (refusal !== null)
      throw new AppError({
        code: 'host-refused',
        message: `${this.daemon.hostName}: the Docker daemon ${refusal}.`,
        nextStep: 'Install Docker Engine 20.10 or newer there: https://docs.docker.com/engine/install/',
      });
    return version;
  }

  async #retry<T>(work: DockerWork<T>, limits: CallLimits): Promise<T> {
    const { retryForMs = defaultRetryForMs, random01, clock } = this.#options;
    const window = new RetryWindow(
      () => limits.retryForMs ?? (this.#hasAnswered ? retryForMs : firstRetryForMs),
    );
    let failures = 0;
    const noteProgress = () => {
      this.#hasAnswered = true;
      failures = 0;
      window.reset();
    };
    for (;;) {
      try {
        const result = await this.#attempt(work, limits, noteProgress);
        this.#hasAnswered = true;
        return result;
      } catch (error) {
        limits.signal?.throwIfAborted();
        if (statusOf(error) !== null) this.#hasAnswered = true;
        const failure = connectionFailureOf(error);
        if (failure === null) throw error;
        window.begin();
        if (failure === 'refused' || window.leftMs === 0) throw asHostError(failure, this.daemon, error);
      }
      failures += 1;
      await clock.sleep(backoffDelayMs(failures, backoff, random01()), limits.signal);
    }
  }

  async #attempt<T>(work: DockerWork<T>, limits: CallLimits, noteProgress: () => void): Promise<T> {
    const { signal, silenceMs = defaultSilenceMs } = limits;
    const ended = new AbortController();
    const stopListening = signal && onAbort(signal, (reason) => ended.abort(reason));
    const silence = armDeadline(
      silenceMs,
      () => false,
      () => ended.abort(new DeadlineError(`no data within ${Math.round(silenceMs / 1000)} s`)),
    );
    const noteSign = () => {
      silence.restart();
      noteProgress();
    };
    try {
      ended.signal.throwIfAborted();
      return await unlessAborted(work(this.#open(ended.signal), noteSign), ended.signal);
    } finally {
      silence.disarm();
      stopListening?.();
      // Ends what a failed attempt may have left open, such as a body that is not read to its end.
      ended.abort(new Error('the attempt is over'));
    }
  }
}

function refuseOld(version: string, apiVersion: string): string | null {
  const [major = 0, minor = 0] = apiVersion.split('.').map(Number);
  const isOld = major < oldestApi.major || (major === oldestApi.major && minor < oldestApi.minor);
  return isOld ? `is too old (${version})` : null;
}
