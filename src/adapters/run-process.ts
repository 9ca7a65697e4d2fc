import type { Writable } from 'node:stream';
import { PipedChild } from './piped-child.ts';

export interface ProcessOptions {
  /** After this long the process is killed and `isTimedOut` is set. */
  readonly timeoutMs: number;
  /** More on stdout kills the process. */
  readonly maxStdoutBytes: number;
  readonly signal?: AbortSignal | undefined;
  /** Writes the process's stdin, which is closed afterwards; without it there is none. */
  readonly writeInput?: (input: Writable) => Promise<void>;
}

export interface ProcessOutcome {
  /** Null when it was killed. */
  readonly exitCode: number | null;
  readonly stdout: Buffer;
  /** The last 8 KiB of stderr. */
  readonly stderrTail: string;
  readonly isTimedOut: boolean;
}

/**
 * Runs a program without a shell and waits until it is gone, so that nothing is left behind.
 *
 * @throws the signal's reason when it aborts; the system error (`ENOENT`, …) when the program cannot be started.
 */
export async function runProcess(
  program: string,
  programArguments: readonly string[],
  { timeoutMs, maxStdoutBytes, signal, writeInput }: ProcessOptions,
): Promise<ProcessOutcome> {
  signal?.throwIfAborted();
  const deadline = AbortSignal.timeout(timeoutMs);
  await using child = new PipedChild(program, programArguments, {
    hasInput: writeInput !== undefined,
    outputs: 1,
    signal: signal ? AbortSignal.any([signal, deadline]) : deadline,
  });
  // The program may end before it has read all; how it ended says more than the broken pipe.
  const written = writeInput?.(child.input).then(
    () => child.input.end(),
    () => child.input.end(),
  );
  const stdout = await readAll(child, maxStdoutBytes);
  await written;
  const { exitCode, stderrTail, startError } = await child.ended;
  signal?.throwIfAborted();
  if (startError) throw startError;
  return { exitCode, stdout, stderrTail, isTimedOut: exitCode === null && deadline.aborted };
}

async function readAll(child: PipedChild, maxBytes: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const piece of child.outputs[0] ?? []) {
      bytes += piece.length;
      if (bytes > maxBytes) await child.stop();
      else pieces.push(piece);
    }
  } catch {
    // The pipe broke because the program was killed: then it has no exit code.
  }
  return Buffer.concat(pieces);
}
