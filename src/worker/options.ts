import { createHash } from 'node:crypto';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { AppError, messageOf } from '../errors/app-error.ts';
import { runIdSchema } from '../protocol/identifiers.ts';
import { layout } from '../protocol/layout.ts';
import type { SlotOptions } from './slot/slot-process.ts';
import type { WorkerOptions } from './tasks/worker-process.ts';

type ProgramOptions =
  /** `isTied`: it ends when its standard input does. */
  | { readonly kind: 'run'; readonly worker: WorkerOptions; readonly isTied: boolean }
  | { readonly kind: 'slot'; readonly slot: SlotOptions };

const workerIdleTimeoutMs = 60_000;
const slotIdleTimeoutMs = 600_000;

const usage =
  `worker --root DIR (--run RUN_ID --worker N [--tied] | --slot N) [--socket PATH] [--idle-timeout-ms N]; ` +
  `a worker of a run waits ${workerIdleTimeoutMs} ms, a slot ${slotIdleTimeoutMs}`;

/** Reads the command line. @throws AppError `usage-invalid`. */
export function parseProgramOptions(argv: readonly string[]): ProgramOptions {
  const { root, run, worker, slot, socket, tied, 'idle-timeout-ms': idleTimeout } = parseFlags(argv);
  if (root === undefined) throw invalid('--root is needed');
  const idleTimeoutMs = idleTimeout === undefined ? null : toCount(idleTimeout, '--idle-timeout-ms');
  const place = { root: resolve(root), socketPath: socket ?? null, idleTimeoutMs };
  if (slot !== undefined) {
    if (run !== undefined || worker !== undefined)
      throw invalid('--slot cannot be used with --run and --worker');
    return { kind: 'slot', slot: slotOptions(place, toCount(slot, '--slot')) };
  }
  if (run === undefined || worker === undefined) throw invalid('--run and --worker, or --slot, are needed');
  if (!runIdSchema.safeParse(run).success) throw invalid(`${JSON.stringify(run)} is not a run id`);
  const options = workerOptions(place, run, toCount(worker, '--worker'));
  return { kind: 'run', worker: options, isTied: tied ?? false };
}

/** The options for the worker of one of a slot's runs: it has the slot's number, and never outlives the slot. */
export function workerOptionsOf(slot: SlotOptions, runId: string): WorkerOptions {
  const idleTimeoutMs = Math.min(slot.idleTimeoutMs, workerIdleTimeoutMs);
  return workerOptions({ root: slot.root, socketPath: null, idleTimeoutMs }, runId, slot.slotId);
}

/** What both kinds have; null where the command line says nothing. */
interface Place {
  readonly root: string;
  readonly socketPath: string | null;
  readonly idleTimeoutMs: number | null;
}

function workerOptions(place: Place, runId: string, workerId: number): WorkerOptions {
  const runFolder = join(place.root, ...layout.run(runId).split('/'));
  const ownSocket = pipeName(`${runId}-${workerId}`) ?? join(runFolder, layout.workerSocket(workerId));
  return {
    root: place.root,
    runId,
    workerId,
    runFolder,
    socketPath: place.socketPath ?? ownSocket,
    idleTimeoutMs: place.idleTimeoutMs ?? workerIdleTimeoutMs,
  };
}

function slotOptions(place: Place, slotId: number): SlotOptions {
  const rootHash = createHash('sha256').update(place.root).digest('hex').slice(0, 12);
  const ownSocket =
    pipeName(`slot-${rootHash}-${slotId}`) ?? join(place.root, ...layout.slotSocket(slotId).split('/'));
  return {
    root: place.root,
    slotId,
    socketPath: place.socketPath ?? ownSocket,
    idleTimeoutMs: place.idleTimeoutMs ?? slotIdleTimeoutMs,
  };
}

/** The name of a pipe on Windows, whose sockets are no files; null elsewhere. */
function pipeName(name: string): string | null {
  return process.platform === 'win32' ? `\\\\.\\pipe\\cosmos-${name}` : null;
}

function parseFlags(argv: readonly string[]) {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: {
        root: { type: 'string' },
        run: { type: 'string' },
        worker: { type: 'string' },
        slot: { type: 'string' },
        tied: { type: 'boolean' },
        socket: { type: 'string' },
        'idle-timeout-ms': { type: 'string' },
      },
    });
    return values;
  } catch (error) {
    throw invalid(messageOf(error));
  }
}

function toCount(text: string, flag: string): number {
  const count = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isNaN(count)) throw invalid(`${flag} takes a whole number, not ${JSON.stringify(text)}`);
  return count;
}

function invalid(problem: string): AppError {
  return new AppError({ code: 'usage-invalid', message: `${problem}. Usage: ${usage}` });
}
