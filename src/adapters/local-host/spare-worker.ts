import { type ChildProcess, spawn } from 'node:child_process';
import { getCompileCacheDir } from 'node:module';
import { Socket } from 'node:net';
import { dirname } from 'node:path';
import { environmentForChild } from '../../core/child-environment.ts';
import { type SpareRun, spareArgument } from '../../protocol/spare-worker.ts';

/** What every worker of this machine is started with. */
export interface WorkerProgram {
  /** A JavaScript file. */
  readonly program: string;
  /** The only variables with secrets that it gets; left out: all. */
  readonly secretVariables?: readonly string[] | undefined;
}

/**
 * A worker's process that is started before there is a run for it, so that it has loaded when a run needs it. It writes
 * nothing, and ends by itself when the process that started it ends without giving it a run, however that ends.
 */
export class SpareWorker {
  readonly #program: WorkerProgram;
  #child: ChildProcess | null = null;

  constructor(program: WorkerProgram) {
    this.#program = program;
  }

  /** Starts the process, unless one waits. Disposing ends the one that waits. What fails is told when a worker is needed. */
  start(): Disposable {
    // On Windows a process cannot be given another file for what it prints.
    if (this.#child === null && process.platform !== 'win32') {
      const { program } = this.#program;
      const child = spawn(process.execPath, [program, spareArgument], {
        ...workerSpawnOptions(this.#program),
        stdio: ['pipe', 'ignore', 'ignore'],
      });
      child.on('error', () => undefined);
      child.stdin.on('error', () => undefined);
      child.unref();
      if (child.stdin instanceof Socket) child.stdin.unref();
      this.#child = child;
    }
    return { [Symbol.dispose]: () => this.#takeChild()?.stdin?.end() };
  }

  /** Gives the run to the process that waits; null where none does. */
  take(run: SpareRun): ChildProcess | null {
    const child = this.#takeChild();
    if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return null;
    child.stdin?.end(`${JSON.stringify(run)}\n`);
    return child;
  }

  #takeChild(): ChildProcess | null {
    const child = this.#child;
    this.#child = null;
    return child;
  }
}

/** The worker gets a session of its own: neither Ctrl-C nor a closed terminal reaches it. */
export function workerSpawnOptions({ secretVariables: keep }: WorkerProgram) {
  const own = keep ? environmentForChild(process.env, { keep, hasNetwork: true }) : process.env;
  const compiled = getCompileCacheDir();
  return {
    detached: true,
    windowsHide: true,
    // Its compiled code is kept beside that of this process.
    env: { ...(compiled !== undefined && { NODE_COMPILE_CACHE: dirname(compiled) }), ...own },
  };
}
