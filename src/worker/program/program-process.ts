import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import { settlesWithin } from '../../async/deadline.ts';
import { type Environment, environmentForChild } from '../../core/child-environment.ts';
import type { ProgramOutput } from './program-output.ts';

interface ProgramStart {
  /** Program and arguments; no shell sees them. */
  readonly command: readonly string[];
  /** Of this process; what is called a secret in it does not reach the program … */
  readonly environment: Environment;
  /** … except for these variables. */
  readonly secretVariables?: readonly (string | null)[];
  readonly output: ProgramOutput;
  readonly stopGraceMs: number;
  /** Where it starts; this process's own folder unless given. */
  readonly folder?: string;
  /** Its stdin and stdout are pipes of the caller's, and stderr alone is its output. */
  readonly isPiped?: boolean;
}

/** How long after the end the last lines are waited for, while children keep the pipes open, in milliseconds. */
const drainMs = 500;

/**
 * Ends a process group as soon as its own input ends, that is when the process that started it is gone: also when that
 * was killed and could end nothing itself. A program of one string, so that it is there however the worker is packed.
 */
const watchdogProgram = `
const group = -Number(process.argv[1]);
const end = (signal) => { try { process.kill(group, signal); } catch { process.exit(0); } };
process.on('SIGINT', () => {});
process.on('SIGTERM', () => {});
process.on('SIGHUP', () => {});
process.stdin.resume();
process.stdin.on('end', () => {
  end('SIGTERM');
  setTimeout(() => { end('SIGKILL'); process.exit(0); }, Number(process.argv[2]));
  setInterval(() => end(0), 100);
});
`;

/** A server as a process group: it, and all processes that it started. */
export class ProgramProcess {
  readonly pid: number;
  /** Resolves once nothing of it is left, with how it ended: `exit code 1`, `signal SIGKILL`. */
  readonly ended: Promise<string>;
  hasEnded = false;
  readonly #child: ChildProcess;
  readonly #stopGraceMs: number;
  readonly #isPiped: boolean;

  /** @throws Errors of the system when the program cannot be started. */
  static async start(start: ProgramStart): Promise<ProgramProcess> {
    const [program = '', ...args] = start.command;
    const child = spawn(program, args, {
      detached: process.platform !== 'win32',
      env: environmentForChild(start.environment, { keep: start.secretVariables ?? [], hasNetwork: true }),
      ...(start.folder && { cwd: start.folder }),
      stdio: [start.isPiped ? 'pipe' : 'ignore', 'pipe', 'pipe'],
      windowsHide: true,
    });
    await once(child, 'spawn');
    return new ProgramProcess(child, start);
  }

  private constructor(child: ChildProcess, { output, stopGraceMs, isPiped = false }: ProgramStart) {
    this.#child = child;
    // Never 0 or 1: as a group these are this process's own, or all processes'.
    if (child.pid === undefined || child.pid < 2) throw new Error('the process has no id');
    this.pid = child.pid;
    this.#stopGraceMs = stopGraceMs;
    child.on('error', () => undefined);
    this.#isPiped = isPiped;
    for (const stream of isPiped ? [child.stderr] : [child.stdout, child.stderr])
      if (stream) follow(stream, output.reader());
    // A write to a program that is gone shows by its end.
    child.stdin?.on('error', () => undefined);
    const watchdog = startWatchdog(this.pid, stopGraceMs);
    this.ended = this.#waitForEnd().finally(() => watchdog.dismiss());
  }

  /** What it reads and writes, of a program that was started with pipes. */
  get pipes(): { readonly input: Writable; readonly result: Readable } {
    const { stdin, stdout } = this.#child;
    if (!this.#isPiped || !stdin || !stdout) throw new Error('the program has no pipes');
    return { input: stdin, result: stdout };
  }

  /** Asks it to end, makes it end after the grace, and waits until it has. */
  async stop(): Promise<void> {
    this.#signal('SIGTERM');
    const force = setTimeout(() => this.kill(), this.#stopGraceMs);
    await this.ended;
    clearTimeout(force);
  }

  kill(): void {
    this.#signal('SIGKILL');
  }

  async #waitForEnd(): Promise<string> {
    const child = this.#child;
    const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
    const how = await new Promise<string>((resolve) =>
      child.once('exit', (code, signal) => resolve(signal ? `signal ${signal}` : `exit code ${code}`)),
    );
    this.hasEnded = true;
    // Children of a program that died may sit on its GPU's memory, and the next one would find none.
    this.#signalGroup('SIGKILL');
    await settlesWithin(drainMs, closed);
    if (!this.#isPiped) child.stdout?.destroy();
    child.stderr?.destroy();
    return how;
  }

  #signal(signal: NodeJS.Signals): void {
    if (this.hasEnded) return;
    if (process.platform === 'win32') this.#child.kill(signal);
    else this.#signalGroup(signal);
  }

  #signalGroup(signal: NodeJS.Signals): void {
    if (process.platform === 'win32') return;
    try {
      process.kill(-this.pid, signal);
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

/** Watches over the process group of `pid`; give it up with `dismiss` once that group has ended. */
function startWatchdog(pid: number, graceMs: number): { dismiss(): void } {
  if (process.platform === 'win32') return { dismiss: () => undefined };
  const args = ['--max-old-space-size=16', '-e', watchdogProgram, String(pid), String(graceMs)];
  const watchdog: ChildProcess = spawn(process.execPath, args, {
    // A group of its own: what ends the worker's group must not end this one first.
    detached: true,
    env: { ...environmentForChild(process.env), NODE_OPTIONS: '' },
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  watchdog.on('error', () => undefined);
  watchdog.stdin?.on('error', () => undefined);
  watchdog.unref();
  return { dismiss: () => watchdog.kill('SIGKILL') };
}

/** A port of the loopback address that is free now; another program may take it before it is used. */
export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  await new Promise<void>((resolve) => server.close(() => resolve()));
  if (address === null || typeof address === 'string') throw new Error('no free port');
  return address.port;
}
