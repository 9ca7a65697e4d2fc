import { AppError } from '../../errors/app-error.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Host, LogName } from '../../ports/host.ts';
import type { Ports } from '../../ports/ports.ts';
import { readRun } from './read-run.ts';
import type { RunKinds } from './run-kind.ts';

/** How often logs are polled while they are followed, in milliseconds. */
const pollMs = 1_000;

/** Of so many polls in a row that found nothing new, one also asks whether a process still works on the run. */
const pollsPerQuery = 5;

/** What a line of a log has, more or less, in bytes: logs are read from so far before their end. */
const usualLineBytes = 160;

/** How much farther back the next try begins when there were too few lines. */
const spanGrowth = 4;

export interface LogRequest {
  /** A path, a run id or `latest`. */
  readonly reference: string;
  /** The log of the model's server in place of the worker's. */
  readonly isOfEngine: boolean;
  /** One worker; null for all. */
  readonly workerId: number | null;
  /** How many of the last lines of each worker are shown first. */
  readonly lines: number;
  readonly isFollowing: boolean;
}

export interface LogReader {
  /** Lines of one worker, in order. `workers` is how many have a log. */
  onLines(workerId: number, lines: readonly string[], workers: number): void;
  /** The host became unreachable while its logs were followed: why. Its work keeps running, and it is tried again. */
  onUnreachable(host: string, message: string): void;
  onReachable(host: string): void;
}

/** The logs of a run, as far as they go. JSON, so snake_case. */
export interface LogsDocument {
  readonly version: 1;
  readonly run_id: string;
  readonly host: string;
  readonly workers: readonly { readonly worker_id: number; readonly lines: readonly string[] }[];
}

/**
 * Reads the logs of a run's workers on its host; while following, until no process works on the run any more.
 *
 * @throws AppError `run-not-found`, and those of `Host.readLog`; while following, an unreachable host is waited for.
 * The signal's reason when it aborts.
 */
export async function readLogs(
  request: LogRequest,
  kinds: RunKinds,
  ports: Pick<Ports, 'runs' | 'host' | 'clock'>,
  reader: LogReader,
  signal: AbortSignal,
): Promise<LogsDocument> {
  const { kind, run } = await readRun(request.reference, kinds, ports);
  const { runId, folder } = run;
  const { host: hostName, workers } = kind.facts(run.checkpoint);
  const host = ports.host(hostName);
  const ids = request.workerId === null ? [...Array(workers).keys()] : [request.workerId];
  const logKind = request.isOfEngine ? 'engine' : 'worker';
  const tails = ids.map((workerId) => new LogTail(host, runId, { kind: logKind, workerId }));
  try {
    const shown: { worker_id: number; lines: string[] }[] = [];
    for (const tail of tails) {
      const lines = await tail.last(request.lines, signal);
      if (!tail.isFound) continue;
      shown.push({
        worker_id: tail.workerId,
        lines: request.isFollowing ? lines : [...lines, ...tail.rest()],
      });
    }
    if (shown.length === 0 && !request.isFollowing) throw noLogs(runId, hostName);
    for (const { worker_id: workerId, lines } of shown) reader.onLines(workerId, lines, ids.length);
    if (request.isFollowing) {
      // A process here may be about to hand more over, also while the workers have nothing to do.
      const isAtWork = async () =>
        (await ports.runs.owner(folder)) !== null || (await host.lookUp(runId)).state === 'running';
      await follow({ hostName: host.name, tails, reader, signal, clock: ports.clock, isAtWork });
    }
    return { version: 1, run_id: runId, host: hostName, workers: shown };
  } finally {
    await host.close();
  }
}

interface Following {
  readonly hostName: string;
  readonly tails: readonly LogTail[];
  readonly reader: LogReader;
  readonly signal: AbortSignal;
  readonly clock: Clock;
  isAtWork(): Promise<boolean>;
}

/** Shows what is new each second; what was written last is read after the end was seen. */
async function follow(following: Following): Promise<void> {
  const { hostName, clock, reader, signal, isAtWork } = following;
  let isUnreachable = false;
  let quietPolls = 0;
  for (let isRunning = true; isRunning; ) {
    try {
      quietPolls = (await showNew(following)) ? 0 : quietPolls + 1;
      if (quietPolls % pollsPerQuery === 1) isRunning = await isAtWork();
      if (!isRunning) await showNew(following);
      if (isUnreachable) reader.onReachable(hostName);
      isUnreachable = false;
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'host-unreachable') throw error;
      if (!isUnreachable) reader.onUnreachable(hostName, error.message);
      isUnreachable = true;
      isRunning = true;
    }
    if (isRunning) await clock.sleep(pollMs, signal);
  }
}

async function showNew({ tails, reader, signal }: Following): Promise<boolean> {
  let isNew = false;
  for (const tail of tails) {
    for await (const lines of tail.more(signal)) {
      reader.onLines(tail.workerId, lines, tails.length);
      isNew = true;
    }
  }
  return isNew;
}

/** Reads one worker's log line by line, from where it left off. */
class LogTail {
  readonly workerId: number;
  readonly #log: LogName;
  readonly #host: Host;
  readonly #runId: string;
  #nextByte = 0;
  /** The beginning of a line whose end is still to be written. */
  #begun = '';
  isFound = false;

  constructor(host: Host, runId: string, log: LogName) {
    this.#host = host;
    this.#runId = runId;
    this.#log = log;
    this.workerId = log.workerId;
  }

  /** The last lines that are there now. A line without an end is kept back for `more`. */
  async last(count: number, signal: AbortSignal): Promise<string[]> {
    for (let span = Math.max(count, 1) * usualLineBytes; ; span *= spanGrowth) {
      const isWhole = await this.#beginBeforeEnd(span, signal);
      if (isWhole === null) return [];
      let kept: string[] = [];
      for await (const lines of this.more(signal)) kept = [...kept, ...lines].slice(-count - 1);
      // What was read from the middle on begins in the middle of a line.
      const lines = isWhole ? kept : kept.slice(1);
      if (isWhole || lines.length >= count) return count === 0 ? [] : lines.slice(-count);
    }
  }

  /** Begins so many bytes before the end; whether that is at the very beginning, or null when there is no log. */
  async #beginBeforeEnd(span: number, signal: AbortSignal): Promise<boolean | null> {
    signal.throwIfAborted();
    this.#begun = '';
    const part = await this.#host.readLog(this.#runId, this.#log, -span);
    if (part === null) return null;
    this.#nextByte = part.firstByte;
    return part.firstByte === 0;
  }

  /** A last line whose end was never written. */
  rest(): string[] {
    return this.#begun === '' ? [] : [this.#begun];
  }

  /** Whole lines that came since, part by part. */
  async *more(signal: AbortSignal): AsyncGenerator<string[]> {
    for (;;) {
      signal.throwIfAborted();
      const part = await this.#host.readLog(this.#runId, this.#log, this.#nextByte);
      if (part === null) return;
      this.isFound = true;
      // A log that was started again has fewer bytes than were read of the old one.
      if (part.nextByte < this.#nextByte) this.#begun = '';
      const isAtEnd = part.nextByte === this.#nextByte;
      this.#nextByte = part.nextByte;
      const lines = (this.#begun + part.text).split('\n');
      this.#begun = lines.pop() ?? '';
      if (lines.length > 0) yield lines;
      if (isAtEnd) return;
    }
  }
}

function noLogs(runId: string, host: string): AppError {
  return new AppError({
    code: 'run-not-found',
    message: `There is no log of run ${runId} on ${host}: all of its prompts had results already, no worker has started it yet, or it was pruned.`,
    nextStep: 'To list runs and what their hosts say of them: cosmos runs --check',
  });
}
