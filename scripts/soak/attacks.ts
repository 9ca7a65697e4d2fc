/**
 * Runs the tests that `docs/security.md` names, all of them hostile input, in a control group of 1 GB of memory that they share
 * with the program, its workers and their ffmpegs. Fails when the kernel ended one of them. Linux only, as root.
 *
 *     node scripts/soak/attacks.ts [--memory-mb 1024] [--remote]
 *
 * Tests with a Docker engine of their own are left out unless `--remote` is given: then the engine is in the group too.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: { 'memory-mb': { type: 'string', default: '1024' }, remote: { type: 'boolean', default: false } },
});
const root = resolve(import.meta.dirname, '../..');
const page = readFileSync(join(root, 'docs/security.md'), 'utf8');
const named = new Set([...page.matchAll(/`(test\/[\w./-]+\.test\.ts)`/g)].map(([, path = '']) => path));
const files = [...named].filter((path) => values.remote || !path.startsWith('test/remote/')).sort();

/** A control group for memory, of the first or the second version of the kernel's interface. */
class MemoryGroup {
  readonly #isFirst = existsSync('/sys/fs/cgroup/memory/cgroup.procs');
  readonly #parent = this.#isFirst ? '/sys/fs/cgroup/memory' : '/sys/fs/cgroup';
  readonly #folder = join(this.#parent, 'cosmos-attacks');

  constructor(bytes: number) {
    mkdirSync(this.#folder, { recursive: true });
    this.#write(this.#isFirst ? 'memory.limit_in_bytes' : 'memory.max', bytes);
    this.#write(this.#isFirst ? 'memory.memsw.limit_in_bytes' : 'memory.swap.max', this.#isFirst ? bytes : 0);
  }

  take(pid: number): void {
    writeFileSync(join(this.#folder, 'cgroup.procs'), String(pid));
  }

  /** Gives a process back to the group above. */
  release(pid: number): void {
    writeFileSync(join(this.#parent, 'cgroup.procs'), String(pid));
  }

  /** How many processes the kernel ended, and the most memory that was in use, cached files included. */
  read(): { readonly killed: number; readonly peakBytes: number } {
    const events = this.#read(this.#isFirst ? 'memory.oom_control' : 'memory.events');
    const peak = this.#read(this.#isFirst ? 'memory.max_usage_in_bytes' : 'memory.peak');
    return { killed: Number(/^oom_kill (\d+)$/m.exec(events)?.[1] ?? 0), peakBytes: Number(peak) };
  }

  async remove(): Promise<void> {
    for (let attempt = 0; attempt < 50; attempt++) {
      try {
        rmdirSync(this.#folder);
        return;
      } catch {
        await delay(200);
      }
    }
  }

  #read(name: string): string {
    return readFileSync(join(this.#folder, name), 'utf8');
  }

  /** A kernel that keeps no account of swapped memory has no such file. */
  #write(name: string, value: number): void {
    if (existsSync(join(this.#folder, name))) writeFileSync(join(this.#folder, name), String(value));
  }
}

const group = new MemoryGroup(Number(values['memory-mb']) * 1024 * 1024);
group.take(process.pid);
const config = ['--config', 'test/vitest.config.ts', '--maxWorkers', '1'];
const child = spawn(
  process.execPath,
  [join(root, 'node_modules/vitest/vitest.mjs'), 'run', ...config, ...files],
  {
    cwd: root,
    stdio: 'inherit',
  },
);
const code = await new Promise<number | null>((settle) => child.once('close', settle));
const { killed, peakBytes } = group.read();
process.stdout.write(
  `${files.length} files of attacks in ${values['memory-mb']} MB: ${code === 0 ? 'all passed' : 'SOME FAILED'}, ` +
    `${killed === 0 ? 'no process was' : `${killed} processes were`} ended by the kernel, at most ${(peakBytes / 1e6).toFixed(0)} MB in use with cached files.\n`,
);
process.exitCode = code === 0 && killed === 0 ? 0 : 1;
group.release(process.pid);
await group.remove();
