import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join, resolve } from 'node:path';

/** `bin/run.js`, or the one of another build, for soaks that run while somebody works on this one. */
export const program = process.env['COSMOS_PROGRAM'] ?? resolve(import.meta.dirname, '../../bin/run.js');

/** How a process of the program ended. */
export interface CliEnd {
  /** Exit code, or null when a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A process of the program. */
export interface CliProcess {
  readonly child: ChildProcess;
  readonly ended: Promise<CliEnd>;
}

/** The program as a user of a machine of their own has it: home, caches and settings lie below one folder. */
export class Cli {
  readonly home: string;
  readonly workingFolder: string;
  readonly env: NodeJS.ProcessEnv;

  /** @param folder - The user's; `work` in it is where commands are typed. */
  constructor(folder: string, env: NodeJS.ProcessEnv = {}) {
    this.home = join(folder, 'home');
    this.workingFolder = join(folder, 'work');
    this.env = {
      ...process.env,
      HOME: this.home,
      USERPROFILE: this.home,
      XDG_CACHE_HOME: join(folder, 'cache'),
      XDG_CONFIG_HOME: join(folder, 'config'),
      XDG_DATA_HOME: join(folder, 'data'),
      XDG_STATE_HOME: join(folder, 'state'),
      NO_COLOR: '1',
      LC_ALL: 'C.UTF-8',
      // Compiled code is the one thing that the users of all tests share: it changes nothing but how long a start takes.
      NODE_COMPILE_CACHE: join(tmpdir(), `cosmos-test-compiled-${userInfo().uid}`),
      ...env,
    };
  }

  /** Runs a command to its end; one that hangs is killed after `timeoutMs`. */
  async run(args: readonly string[], timeoutMs = 200_000): Promise<CliEnd> {
    const { child, ended } = await this.start(args);
    const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
    return await ended.finally(() => clearTimeout(timer));
  }

  /** @param under - A program, with its arguments, that starts the command: a tracer. */
  async start(args: readonly string[], under: readonly string[] = []): Promise<CliProcess> {
    for (const folder of [this.home, this.workingFolder]) await mkdir(folder, { recursive: true });
    const [file = '', ...words] = [...under, process.execPath, program, ...args];
    const child = spawn(file, words, {
      cwd: this.workingFolder,
      env: this.env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    const ended = new Promise<CliEnd>((settle, fail) => {
      child.once('error', fail);
      child.once('close', (code, signal) => settle({ code, signal, stdout, stderr }));
    });
    return { child, ended };
  }

  /** Writes the user's own settings, which need no approval as those of the working folder do. */
  async configure(text: string): Promise<void> {
    const folder = join(this.env['XDG_CONFIG_HOME'] ?? '', 'cosmos');
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'config.toml'), text);
  }

  /** Where the local host keeps its files. */
  get hostRoot(): string {
    return join(this.home, '.cosmos');
  }

  get checkpointFolder(): string {
    return join(this.workingFolder, 'checkpoints');
  }

  get outputFolder(): string {
    return join(this.workingFolder, 'outputs', 'upsampled');
  }
}
