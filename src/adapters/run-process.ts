import { spawn } from 'node:child_process';

/** Bounds of one process. */
export interface ProcessLimits {
  /** After this long the process is killed and `isTimedOut` is set. */
  readonly timeoutMs: number;
  /** More on stdout kills the process: `isOverflown` is set. */
  readonly maxStdoutBytes: number;
  readonly signal?: AbortSignal | undefined;
}

/** How a process ended. */
export interface ProcessOutcome {
  /** Null when it was killed. */
  readonly exitCode: number | null;
  readonly stdout: Buffer;
  /** The last 8 KiB of stderr. */
  readonly stderr: string;
  readonly isTimedOut: boolean;
  readonly isOverflown: boolean;
}

const keptStderrBytes = 8192;

/**
 * Runs a program without a shell and waits until it is gone, so that nothing is left behind.
 *
 * @throws the signal's reason when it aborts; the system error (`ENOENT`, …) when the program cannot be started.
 */
export async function runProcess(
  program: string,
  programArguments: readonly string[],
  limits: ProcessLimits,
): Promise<ProcessOutcome> {
  limits.signal?.throwIfAborted();
  const child = spawn(program, programArguments, {
    stdio: ['ignore', 'pipe', 'pipe'],
    windowsHide: true,
    env: { ...process.env, AV_LOG_FORCE_NOCOLOR: '1' },
  });
  const kill = () => child.kill('SIGKILL');
  let isTimedOut = false;
  const timer = setTimeout(() => {
    isTimedOut = true;
    kill();
  }, limits.timeoutMs);
  limits.signal?.addEventListener('abort', kill, { once: true });
  try {
    const stdout = collectStdout(child.stdout, limits.maxStdoutBytes, kill);
    const stderr = collectTail(child.stderr);
    const exitCode = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    limits.signal?.throwIfAborted();
    return {
      exitCode,
      stdout: stdout.join(),
      stderr: stderr.join(),
      isTimedOut,
      isOverflown: stdout.isFull(),
    };
  } finally {
    clearTimeout(timer);
    limits.signal?.removeEventListener('abort', kill);
  }
}

function collectStdout(stream: NodeJS.ReadableStream, maxBytes: number, onFull: () => void) {
  const chunks: Buffer[] = [];
  let bytes = 0;
  stream.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > maxBytes) onFull();
    else chunks.push(chunk);
  });
  return { join: () => Buffer.concat(chunks), isFull: () => bytes > maxBytes };
}

function collectTail(stream: NodeJS.ReadableStream) {
  let tail = Buffer.alloc(0);
  stream.on('data', (chunk: Buffer) => {
    tail = Buffer.concat([tail, chunk]).subarray(-keptStderrBytes);
  });
  return { join: () => tail.toString('utf8') };
}
