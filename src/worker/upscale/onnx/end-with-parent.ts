import { Worker } from 'node:worker_threads';

/** Looks whether the parent is still the same; a thread of its own, because computing blocks the main one. */
const watching = `
const parent = process.ppid;
setInterval(() => {
  if (process.ppid !== parent) process.kill(process.pid, 'SIGKILL');
}, 500);
`;

/**
 * Ends this process soon after the one that started it, also when that was killed and this one is in the middle of a
 * long computation. Where processes do not learn of their parent's end (Windows), it ends at the next request.
 */
export function endWithParent(): void {
  const thread = new Worker(watching, { eval: true });
  thread.on('error', () => undefined);
  thread.unref();
}
