import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

const lockModule = new URL('../../src/adapters/files/process-lock.ts', import.meta.url);

/** Another process that takes a lock and keeps it until it is killed. */
export async function holdLockElsewhere(path: string): Promise<ChildProcess> {
  const program = `
    import { acquireProcessLock } from ${JSON.stringify(lockModule.href)};
    const attempt = await acquireProcessLock(${JSON.stringify(path)});
    process.stdout.write(attempt.isHeld ? 'held' : 'refused');
    setInterval(() => undefined, 60_000);
  `;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [said] = await once(child.stdout, 'data');
  if (String(said) !== 'held') throw new Error(`the other process was ${said} the lock`);
  return child;
}

/** Ends it as a crash would: without releasing anything. */
export async function killHolder(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}
