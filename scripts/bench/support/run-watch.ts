import { setTimeout as delay } from 'node:timers/promises';
import { diskUse } from './disk-use.ts';
import { cpuTimeOf, memoryOf, processesOf, type RunProcess } from './run-processes.ts';

/** The most that a run took at one moment; and its CPU time. */
export interface Peaks {
  /** Memory of the program and its workers together, in bytes. */
  readonly nodeBytes: number;
  /** Of every process of the run, ffmpeg's included. */
  readonly allBytes: number;
  readonly diskBytes: number;
  /** Of the program, its workers and ffmpegs, less what each process used after it was looked at last. */
  readonly cpuMs: Readonly<Record<RunProcess['kind'], number>>;
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
  const used = new Map<number, { readonly kind: RunProcess['kind']; readonly ms: number }>();
  for (;;) {
    const isLast = signal.aborted;
    const processes = await processesOf(mark);
    const memory = { node: 0, all: 0 };
    for (const { pid, kind } of processes) {
      const bytes = await memoryOf(pid);
      memory.all += bytes;
      if (kind === 'program' || kind === 'worker') memory.node += bytes;
      used.set(pid, { kind, ms: Math.max(used.get(pid)?.ms ?? 0, await cpuTimeOf(pid)) });
    }
    peaks.nodeBytes = Math.max(peaks.nodeBytes, memory.node);
    peaks.allBytes = Math.max(peaks.allBytes, memory.all);
    peaks.diskBytes = Math.max(peaks.diskBytes, await diskUse(folders, ignored));
    if (isLast) return { ...peaks, cpuMs: sumsOf([...used.values()]) };
    await delay(everyMs, undefined, { signal }).catch(() => undefined);
  }
}

function sumsOf(used: readonly { readonly kind: RunProcess['kind']; readonly ms: number }[]): Peaks['cpuMs'] {
  const sums = { program: 0, worker: 0, ffmpeg: 0, other: 0 };
  for (const { kind, ms } of used) sums[kind] += ms;
  return sums;
}
