import { type ChildProcess, spawn } from 'node:child_process';
import { stripVTControlCharacters } from 'node:util';
import { shellQuoted } from '../../src/core/run/shell-quoted.ts';
import { type Cli, program } from './run-cli.ts';
import { waitFor } from './wait-for.ts';

/** Ctrl-C, as a key. */
export const ctrlC = '\x03';

/** A terminal of its own in which a user types one command, and then keys. */
export class Terminal implements Disposable {
  readonly #child: ChildProcess;
  /** Exit code of the command; null when the terminal was closed first. */
  readonly ended: Promise<number | null>;
  #output = '';

  constructor(cli: Cli, args: readonly string[]) {
    // `script` gives its command a terminal; without `exec` a shell would get the signals.
    const line = ['exec', process.execPath, program, ...args].map(shellQuoted).join(' ');
    this.#child = spawn('script', ['-qefc', line, '/dev/null'], {
      cwd: cli.workingFolder,
      env: { ...cli.env, SHELL: '/bin/sh', TERM: 'xterm' },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#output += text;
    });
    this.ended = new Promise((settle) => this.#child.once('close', settle));
  }

  /** All that was shown, on one line: without colours and movements, and lines are joined wherever they were broken. */
  get text(): string {
    return stripVTControlCharacters(this.#output).replaceAll(/\s+/g, ' ');
  }

  /** Waits until this was shown. */
  async shows(text: string): Promise<void> {
    await waitFor(() => this.text.includes(text)).catch((cause: unknown) => {
      throw new Error(`"${text}" was not shown, but: ${this.#output}`, { cause });
    });
  }

  /** Presses keys. */
  press(keys: string): void {
    this.#child.stdin?.write(keys);
  }

  /** What closing its window does: the command gets SIGHUP, and has no terminal any more. */
  close(): void {
    this.#child.kill('SIGKILL');
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
