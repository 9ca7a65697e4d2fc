import { type ChildProcess, spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { endLab } from './end-lab.ts';

/**
 * A process of its own that ends what labs started once this process is gone, however it ended: it holds the other end
 * of a pipe, which the system closes with this process. One serves all labs of this process.
 */
let watchdog: ChildProcess | null = null;

/** Has everything that belongs to a lab's folder ended, and the folder removed, when this process is gone. */
export function guard(folder: string): void {
  watchdog ??= start();
  watchdog.stdin?.write(`+${folder}\n`);
}

/** The lab has ended by itself. */
export function unguard(folder: string): void {
  watchdog?.stdin?.write(`-${folder}\n`);
}

function start(): ChildProcess {
  // In a session of its own, so that what ends this process and its group leaves the watchdog alone.
  const child = spawn(process.execPath, [import.meta.filename], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  child.unref();
  // A pipe to a child is a socket, which must not keep this process alive either.
  (child.stdin as Socket).unref();
  return child;
}

async function watch(): Promise<void> {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
  const folders = new Set<string>();
  let rest = '';
  for await (const chunk of process.stdin.setEncoding('utf8')) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      if (line.startsWith('+')) folders.add(line.slice(1));
      else folders.delete(line.slice(1));
    }
  }
  await Promise.all([...folders].map(endLab));
}

if (import.meta.main) await watch();
