import { type ChildProcess, spawn } from 'node:child_process';
import { Readable, Writable } from 'node:stream';
import { linesOf } from './lines-of.ts';

/** How a child is started. */
interface ChildOptions {
  /** Whether it is given something on its stdin. */
  readonly hasInput: boolean;
  /** Pipes it writes: 1 is its stdout, 2 adds file descriptor 3. */
  readonly outputs: 0 | 1 | 2;
  readonly signal: AbortSignal | undefined;
  /** Told each line of its stderr. */
  readonly onErrorLine?: (line: string) => void;
}

/** How a child ended. */
export interface ChildEnd {
  /** Null when it was killed, or never started. */
  readonly exitCode: number | null;
  /** The last 8 KiB of its stderr. */
  readonly lastWords: string;
  /** Why it could not be started; null when it could. */
  readonly startError: Error | null;
}

const keptErrorLength = 8192;

/**
 * One ffmpeg with pipes. It never outlives its owner: it is killed when the signal aborts and by `stop`, and because
 * all it reads and writes are pipes of this process, it ends by itself when this process is killed.
 *
 * Whoever reads or writes the pipes looks at `ended` for the reason when one breaks: a broken pipe is only a symptom.
 */
export class FfmpegChild implements AsyncDisposable {
  readonly program: string;
  readonly input: Writable;
  readonly outputs: readonly Readable[];
  /** Resolves when it is gone; never rejects. */
  readonly ended: Promise<ChildEnd>;
  readonly #child: ChildProcess;

  constructor(program: string, programArguments: readonly string[], options: ChildOptions) {
    this.program = program;
    const { hasInput, outputs, signal } = options;
    this.#child = spawn(program, programArguments, {
      stdio: [hasInput ? 'pipe' : 'ignore', outputs > 0 ? 'pipe' : 'ignore', 'pipe', ...extraPipe(outputs)],
      windowsHide: true,
      env: { ...process.env, AV_LOG_FORCE_NOCOLOR: '1' },
    });
    this.input = this.#child.stdin ?? closedInput();
    this.input.on('error', () => undefined);
    this.outputs = [this.#child.stdout, this.#child.stdio[3]].map(asReadable).slice(0, outputs);
    const kill = () => this.#kill();
    signal?.addEventListener('abort', kill, { once: true });
    if (signal?.aborted) kill();
    this.ended = waitForEnd(this.#child, options.onErrorLine).finally(() =>
      signal?.removeEventListener('abort', kill),
    );
  }

  /** Kills it if it still runs, and waits until it is gone. Safe to call twice. */
  async stop(): Promise<void> {
    this.#kill();
    await this.ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #kill(): void {
    this.#child.kill('SIGKILL');
    // What nobody reads any more would hold the pipes open.
    this.input.destroy();
    for (const output of this.outputs) output.destroy();
  }
}

function extraPipe(outputs: number): 'pipe'[] {
  return outputs > 1 ? ['pipe'] : [];
}

function closedInput(): Writable {
  return new Writable().destroy();
}

/** A process that could not be started has no pipes. */
function asReadable(stream: unknown): Readable {
  const readable = stream instanceof Readable ? stream : Readable.from([]);
  readable.on('error', () => undefined);
  return readable;
}

async function waitForEnd(child: ChildProcess, onLine?: (line: string) => void): Promise<ChildEnd> {
  const words = collectWords(child, onLine);
  const { exitCode, startError } = await exitOf(child);
  return { exitCode, startError, lastWords: startError ? '' : await words };
}

async function exitOf(child: ChildProcess): Promise<Omit<ChildEnd, 'lastWords'>> {
  const { promise, resolve } = Promise.withResolvers<Omit<ChildEnd, 'lastWords'>>();
  child.once('exit', (exitCode) => resolve({ exitCode, startError: null }));
  child.on('error', (error) => {
    if (child.pid === undefined) resolve({ exitCode: null, startError: error });
  });
  return await promise;
}

async function collectWords(child: ChildProcess, onLine?: (line: string) => void): Promise<string> {
  let words = '';
  if (!child.stderr) return words;
  for await (const line of linesOf(child.stderr)) {
    words = `${words}${line}\n`.slice(-keptErrorLength);
    onLine?.(line);
  }
  return words;
}
