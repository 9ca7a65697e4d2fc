import { setTimeout as delay } from 'node:timers/promises';
import { diskUse } from './disk-use.ts';
import { memoryOf, processesOf } from './run-processes.ts';

/** The most that a run took at one moment. */
export interface Peaks {
  /** Memory of the program and its workers together, in bytes. */
  readonly nodeBytes: number;
  /** Of every process of the run, ffmpeg's included. */
  readonly allBytes: number;
  readonly diskBytes: number;
}

/** What is watched. */
export interface WatchOptions {
  readonly mark: string;
  readonly folders: readonly string[];
  /** Inodes that do not count: the source, whatever its name. */
  readonly ignored: ReadonlySet<number>;
  readonly everyMs?: number;
}

/** Looks at a run again and again while `work` goes on. */
export async function watchRun<Result>(
  options: WatchOptions,
  work: () => Promise<Result>,
): Promise<{ readonly result: Result; readonly peaks: Peaks }> {
  const stop = new AbortController();
  const watching = watchUntil(stop.signal, options);
  try {
    const result = await work();
    stop.abort();
    return { result, peaks: await watching };
  } finally {
    stop.abort();
    await watching;
  }
}

async function watchUntil(
  signal: AbortSignal,
  { mark, folders, ignored, everyMs = 100 }: WatchOptions,
): Promise<Peaks> {
  const peaks = { nodeBytes: 0, allBytes: 0, diskBytes: 0 };
  for (;;) {
    const isLast = signal.aborted;
    const { node, all } = await memoryNow(mark);
    peaks.nodeBytes = Math.max(peaks.nodeBytes, node);
    peaks.allBytes = Math.max(peaks.allBytes, all);
    peaks.diskBytes = Math.max(peaks.diskBytes, await diskUse(folders, ignored));
    if (isLast) return peaks;
    await delay(everyMs, undefined, { signal }).catch(() => undefined);
  }
}

async function memoryNow(mark: string): Promise<{ readonly node: number; readonly all: number }> {
  const processes = await processesOf(mark);
  const sizes = await Promise.all(processes.map(({ pid }) => memoryOf(pid)));
  const sum = (isCounted: (index: number) => boolean) =>
    sizes.reduce((total, size, index) => total + (isCounted(index) ? size : 0), 0);
  const isNode = (index: number) => ['program', 'worker'].includes(processes[index]?.kind ?? 'other');
  return { node: sum(isNode), all: sum(() => true) };
}
