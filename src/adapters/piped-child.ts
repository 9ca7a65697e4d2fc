import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { Readable, Writable } from 'node:stream';
import { onAbort } from '../async/abort.ts';
import { environmentForChild } from '../core/child-environment.ts';

interface PipedChildOptions {
  readonly hasInput: boolean;
  /** Pipes it writes: 1 is its stdout, 2 adds file descriptor 3. */
  readonly outputs: 0 | 1 | 2;
  readonly signal: AbortSignal | undefined;
  /**
   * It reads and writes files, so that no broken pipe ends it when this process is killed: the system is asked to end it, where
   * it can (Linux with `setpriv`).
   */
  readonly isOnFiles?: boolean;
  /** Takes each line of its stderr. A line that it returns false for is not kept in `stderrTail`. */
  readonly onErrorLine?: (line: string) => boolean;
}

export interface ChildEnd {
  /** Null when it was killed, or never started. */
  readonly exitCode: number | null;
  /** The last 8 KiB of its stderr. */
  readonly stderrTail: string;
  /** Why it could not be started; null when it could. */
  readonly startError: Error | null;
}

const maxTailLength = 8192;

/** A program of util-linux that starts another one which the kernel ends with its parent; null where there is none. */
const endsWithParent = ['/usr/bin/setpriv', '/bin/setpriv'].find((path) => existsSync(path)) ?? null;
const endingOptions = ['--pdeathsig', 'KILL', '--'];

/**
 * A program with pipes, started without a shell and without secrets in its environment. It never outlives this process: it is
 * killed when the signal aborts and by `stop`, and because all it reads and writes are pipes of this process, it ends when this
 * process is killed. One that works on files keeps running until it is done where the system knows no other way.
 *
 * A broken pipe is only a symptom: the caller finds the reason in `ended`.
 */
export class PipedChild implements AsyncDisposable {
  readonly program: string;
  readonly input: Writable;
  readonly outputs: readonly Readable[];
  /** Resolves when it is gone; never rejects. */
  readonly ended: Promise<ChildEnd>;
  readonly #child: ChildProcess;

  constructor(program: string, programArguments: readonly string[], options: PipedChildOptions) {
    this.program = program;
    const { hasInput, outputs, signal = null } = options;
    const extraPipe: 'pipe'[] = outputs > 1 ? ['pipe'] : [];
    const ending = options.isOnFiles && endsWithParent !== null ? [endsWithParent, ...endingOptions] : [];
    const [file = program, ...words] = [...ending, program, ...programArguments];
    this.#child = spawn(file, words, {
      stdio: [hasInput ? 'pipe' : 'ignore', outputs > 0 ? 'pipe' : 'ignore', 'pipe', ...extraPipe],
      windowsHide: true,
      env: { ...environmentForChild(process.env), AV_LOG_FORCE_NOCOLOR: '1' },
    });
    this.input = this.#child.stdin ?? new Writable().destroy();
    this.input.on('error', () => undefined);
    this.outputs = [this.#child.stdout, this.#child.stdio[3]].map(asReadable).slice(0, outputs);
    const stopListening = onAbort(signal ?? [], () => this.#kill());
    const ended = waitForEnd(this.#child, options.onErrorLine).finally(stopListening);
    this.ended = ending.length > 0 ? ended.then(asOfItsOwn) : ended;
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
    // Output that is not read any more would hold the pipes open.
    this.input.destroy();
    for (const output of this.outputs) output.destroy();
  }
}

/**
 * The lines of a program's output, as they come; they end when the stream does, also when it is destroyed in the
 * middle: readline alone would wait for its end for ever.
 */
export async function* linesOf(stream: Readable): AsyncGenerator<string> {
  const lines = createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY });
  const close = () => lines.close();
  stream.once('close', close);
  if (stream.destroyed) close();
  try {
    yield* lines;
  } finally {
    stream.off('close', close);
    lines.close();
  }
}

/** A process that could not be started has no pipes. */
function asReadable(stream: unknown): Readable {
  const readable = stream instanceof Readable ? stream : Readable.from([]);
  readable.on('error', () => undefined);
  return readable;
}

/** The end of a program that another one was to start, and could not. */
function asOfItsOwn(end: ChildEnd): ChildEnd {
  const isMissing = end.exitCode === 127 && /^setpriv: /m.test(end.stderrTail);
  if (!isMissing) return end;
  return {
    exitCode: null,
    stderrTail: '',
    startError: Object.assign(new Error(end.stderrTail.trim()), { code: 'ENOENT' }),
  };
}

async function waitForEnd(child: ChildProcess, onLine?: (line: string) => boolean): Promise<ChildEnd> {
  const stderrTail = readTail(child.stderr, onLine);
  const exited = Promise.withResolvers<Omit<ChildEnd, 'stderrTail'>>();
  child.once('exit', (exitCode) => exited.resolve({ exitCode, startError: null }));
  child.on('error', (error) => {
    if (child.pid === undefined) exited.resolve({ exitCode: null, startError: error });
  });
  const end = await exited.promise;
  return { ...end, stderrTail: end.startError ? '' : await stderrTail };
}

async function readTail(stderr: Readable | null, onLine?: (line: string) => boolean): Promise<string> {
  let tail = '';
  for await (const line of stderr ? linesOf(stderr) : []) {
    if (onLine?.(line) ?? true) tail = `${tail}${line}\n`.slice(-maxTailLength);
  }
  return tail;
}
