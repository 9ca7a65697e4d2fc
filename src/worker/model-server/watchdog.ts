import { type ChildProcess, spawn } from 'node:child_process';

/**
 * Ends a process group as soon as its own input ends, that is when whoever started it is gone: also when that was
 * killed and could end nothing itself. A program of one string, so that it is there however the worker is packed.
 */
const program = `
const group = -Number(process.argv[1]);
const end = (signal) => { try { process.kill(group, signal); } catch { process.exit(0); } };
process.on('SIGINT', () => {});
process.on('SIGTERM', () => {});
process.on('SIGHUP', () => {});
process.stdin.resume();
process.stdin.on('end', () => {
  end('SIGTERM');
  setTimeout(() => { end('SIGKILL'); process.exit(0); }, Number(process.argv[2]));
  setInterval(() => end(0), 100);
});
`;

/** Watches over the process group of `pid`; give it up with `dismiss` once that group has ended. */
export function startWatchdog(pid: number, graceMs: number): { dismiss(): void } {
  if (process.platform === 'win32') return { dismiss: () => undefined };
  const args = ['--max-old-space-size=16', '-e', program, String(pid), String(graceMs)];
  const watchdog: ChildProcess = spawn(process.execPath, args, {
    // A group of its own: what ends the worker's group must not end this one first.
    detached: true,
    env: { ...process.env, NODE_OPTIONS: '' },
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  watchdog.on('error', () => undefined);
  watchdog.stdin?.on('error', () => undefined);
  watchdog.unref();
  return { dismiss: () => watchdog.kill('SIGKILL') };
}
