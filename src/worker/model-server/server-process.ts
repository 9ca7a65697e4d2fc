import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import type { ServerOutput } from './server-output.ts';
import { startWatchdog } from './watchdog.ts';

/** What a process is started with. */
interface ServerStart {
  /** Program and arguments; no shell sees them. */
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly output: ServerOutput;
  readonly stopGraceMs: number;
}

/** What those that keep the pipes open may hold back: the last lines, for so long after the end, in milliseconds. */
const drainMs = 500;

/** A server as a process group: it, and whatever it started. */
export class ServerProcess {
  readonly #child: ChildProcess;
  readonly #pid: number;
  readonly #stopGraceMs: number;
  readonly #ended: Promise<string>;
  #hasEnded = false;

  /** @throws Errors of the system when the program cannot be started. */
  static async start(start: ServerStart): Promise<ServerProcess> {
    const [program = '', ...args] = start.command;
    const child = spawn(program, args, {
      detached: process.platform !== 'win32',
      env: { ...start.environment },
      stdio: ['ignore', 'pipe', 'pipe'],
      windowsHide: true,
    });
    await once(child, 'spawn');
    return new ServerProcess(child, start);
  }

  private constructor(child: ChildProcess, { output, stopGraceMs }: ServerStart) {
    this.#child = child;
    // Never 0 or 1: as a group these are this process's own, or everybody's.
    if (child.pid === undefined || child.pid < 2) throw new Error('the process has no id');
    this.#pid = child.pid;
    this.#stopGraceMs = stopGraceMs;
    child.on('error', () => undefined);
    for (const stream of [child.stdout, child.stderr]) if (stream) follow(stream, output.reader());
    const watchdog = startWatchdog(this.#pid, stopGraceMs);
    this.#ended = this.#waitForEnd().finally(() => watchdog.dismiss());
  }

  get pid(): number {
    return this.#pid;
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Resolves once nothing of it is left, with how it ended: `exit code 1`, `signal SIGKILL`. */
  get ended(): Promise<string> {
    return this.#ended;
  }

  /** Asks it to end, makes it end after the grace, and waits until it has. */
  async stop(): Promise<void> {
    this.#signal('SIGTERM');
    const force = setTimeout(() => this.kill(), this.#stopGraceMs);
    await this.#ended;
    clearTimeout(force);
  }

  /** Ends it at once. */
  kill(): void {
    this.#signal('SIGKILL');
  }

  async #waitForEnd(): Promise<string> {
    const child = this.#child;
    const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
    const how = await new Promise<string>((resolve) =>
      child.once('exit', (code, signal) => resolve(signal ? `signal ${signal}` : `exit code ${code}`)),
    );
    this.#hasEnded = true;
    // Children of a server that died may sit on its GPU's memory, and the next one would find none.
    this.#signalGroup('SIGKILL');
    await Promise.race([closed, delay(drainMs, undefined, { ref: false })]);
    child.stdout?.destroy();
    child.stderr?.destroy();
    return how;
  }

  #signal(signal: NodeJS.Signals): void {
    if (this.#hasEnded) return;
    if (process.platform === 'win32') this.#child.kill(signal);
    else this.#signalGroup(signal);
  }

  #signalGroup(signal: NodeJS.Signals): void {
    if (process.platform === 'win32') return;
    try {
      process.kill(-this.#pid, signal);
    } catch {
      // Nothing of it is left.
    }
  }
}

function follow(stream: Readable, read: (chunk: Buffer | null) => void): void {
  stream.on('data', read);
  stream.once('end', () => read(null));
  stream.on('error', () => undefined);
}
