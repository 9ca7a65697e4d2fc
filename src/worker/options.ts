import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { AppError, messageOf } from '../errors/app-error.ts';
import { runIdSchema } from '../protocol/identifiers.ts';
import { layout } from '../protocol/layout.ts';

/** What a worker process is told on its command line. */
export interface WorkerOptions {
  /** The host's root folder, absolute. */
  readonly root: string;
  readonly runId: string;
  readonly workerId: number;
  readonly runFolder: string;
  /** A unix socket's path, or the name of a Windows pipe. */
  readonly socketPath: string;
  readonly idleTimeoutMs: number;
}

const usage = 'worker --root DIR --run RUN_ID --worker N [--socket PATH] [--idle-timeout-ms 60000]';

/** Reads the command line. @throws AppError `usage-invalid`. */
export function parseWorkerOptions(argv: readonly string[]): WorkerOptions {
  const { root, run, worker, socket, 'idle-timeout-ms': idleTimeout } = parseFlags(argv);
  if (root === undefined || run === undefined || worker === undefined) {
    throw invalid('--root, --run and --worker are needed');
  }
  if (!runIdSchema.safeParse(run).success) throw invalid(`${JSON.stringify(run)} is no run id`);
  const workerId = toCount(worker, '--worker');
  const runFolder = resolve(root, ...layout.run(run).split('/'));
  return {
    root: resolve(root),
    runId: run,
    workerId,
    runFolder,
    socketPath: socket ?? defaultSocketPath(runFolder, run, workerId),
    idleTimeoutMs: toCount(idleTimeout, '--idle-timeout-ms'),
  };
}

function parseFlags(argv: readonly string[]) {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: {
        root: { type: 'string' },
        run: { type: 'string' },
        worker: { type: 'string' },
        socket: { type: 'string' },
        'idle-timeout-ms': { type: 'string', default: '60000' },
      },
    });
    return values;
  } catch (error) {
    throw invalid(messageOf(error));
  }
}

function defaultSocketPath(runFolder: string, runId: string, workerId: number): string {
  if (process.platform === 'win32') return `\\\\.\\pipe\\cosmos-${runId}-${workerId}`;
  return join(runFolder, layout.workerSocket(workerId));
}

function toCount(text: string, flag: string): number {
  const count = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isNaN(count)) throw invalid(`${flag} takes a whole number, not ${JSON.stringify(text)}`);
  return count;
}

function invalid(problem: string): AppError {
  return new AppError({ code: 'usage-invalid', message: `${problem}. Usage: ${usage}` });
}
