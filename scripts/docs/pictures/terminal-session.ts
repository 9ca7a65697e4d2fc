import { execFile } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);
const columns = 100;
const rows = 30;

/** A shell in a terminal of its own, with nobody's settings; disposing it ends both. Needs tmux. */
export class TerminalSession implements AsyncDisposable {
  static readonly columns = columns;
  readonly #socket = `cosmos-docs-${process.pid}`;

  /** @param folder - Where commands are typed. */
  async open(folder: string, env: Readonly<Record<string, string>>): Promise<void> {
    const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
    const size = ['-x', String(columns), '-y', String(rows)];
    // tmux has its own opinion of PATH, so the shell is told by env.
    const shell = ['-c', folder, 'env', ...variables, 'bash', '--norc', '--noprofile'];
    await this.#tmux(['-f', '/dev/null', 'new-session', '-d', '-s', 'main', ...size, ...shell]);
    await this.type('clear');
    await delay(500);
  }

  async type(line: string): Promise<void> {
    await this.#tmux(['send-keys', '-t', 'main', line, 'Enter']);
  }

  /** What the screen shows, with the escape sequences for colours. */
  async screen(): Promise<string> {
    return await this.#tmux(['capture-pane', '-e', '-p', '-t', 'main']);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#tmux(['kill-server']).catch(() => undefined);
  }

  async #tmux(args: readonly string[]): Promise<string> {
    const { stdout } = await run('tmux', ['-L', this.#socket, ...args]);
    return stdout;
  }
}
