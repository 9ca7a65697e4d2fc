import { spawnSync } from 'node:child_process';

/** What goes wrong at one system call of a session, in every thread of its processes that comes so far. */
export interface CallFault {
  readonly call: string;
  /** Which of a thread's calls of this kind is hit, from 1. */
  readonly at: number;
  /** All later ones are hit as well, as on a disk that stays full. */
  readonly isLasting: boolean;
  readonly what: 'kill' | 'ENOSPC' | 'EIO' | 'EROFS';
}

/** Calls that change a disk, and how many of them one thread of a small run makes at most. */
const mostCalls: Readonly<Record<string, number>> = {
  write: 420,
  writev: 13,
  pwritev: 8,
  fsync: 30,
  fdatasync: 4,
  ftruncate: 3,
  rename: 18,
  link: 6,
  unlink: 6,
  mkdir: 40,
  fchmod: 3,
  openat: 260,
};

/** Calls on files alone. Others also serve pipes and events inside a process, which no disk ever refuses for good. */
const onFilesAlone = new Set(['fsync', 'fdatasync', 'ftruncate', 'rename', 'link', 'unlink', 'mkdir']);

const whats = ['kill', 'ENOSPC', 'EIO', 'EROFS'] as const;

/** The next fault. Rare calls come as often as frequent ones, early ones more often than late ones. */
export function nextCallFault(random01: () => number): CallFault {
  const calls = Object.entries(mostCalls);
  const [call, most] = calls[Math.floor(random01() * calls.length)] ?? ['fsync', 30];
  const what = whats[Math.floor(random01() * whats.length)] ?? 'kill';
  const at = 1 + Math.floor(random01() ** 2.5 * most);
  return { call, at, what, isLasting: what !== 'kill' && onFilesAlone.has(call) && random01() < 0.5 };
}

/** The tracer's command that makes a fault happen to what it starts, and writes the calls to a log. */
export function tracerOf({ call, at, isLasting, what }: CallFault, log: string): string[] {
  const effect = what === 'kill' ? 'signal=SIGKILL' : `error=${what}`;
  return [
    // Where only the calls in question stop a process, which is quicker, strace sends no signals.
    ...[
      'strace',
      '-f',
      ...(what === 'kill' ? [] : ['--seccomp-bpf']),
      '-q',
      '-o',
      log,
      '-e',
      `trace=${call}`,
    ],
    ...['-e', 'signal=none', '-e', `inject=${call}:${effect}:when=${at}${isLasting ? '+' : ''}`],
  ];
}

/** Whether a tracer's log says that a thread came so far. */
export function hasHit({ call, at }: CallFault, log: string): boolean {
  const counts = new Map<string, number>();
  for (const line of log.split('\n')) {
    const [, thread = '', name] = /^(\d+) +(\w+)\(/.exec(line) ?? [];
    if (name === call) counts.set(thread, (counts.get(thread) ?? 0) + 1);
  }
  return Math.max(0, ...counts.values()) >= at;
}

/** A fault in the words of a log. */
export function faultText({ call, at, isLasting, what }: CallFault): string {
  return `${what} at ${call} ${at}${isLasting ? ' and later ones' : ''}`;
}

/** Why no faults can be injected here, or null. */
export function tracerSkipReason(): string | null {
  const { status } = spawnSync('strace', ['-f', '--seccomp-bpf', '-qq', '-o', '/dev/null', 'true']);
  return status === 0 ? null : 'injecting faults takes strace, and the right to trace processes';
}
