import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, it } from 'vitest';
import { mountsBelow, processesOf } from '../support/lab/end-lab.ts';
import type { HeldLab } from '../support/lab/hold-lab.ts';
import { missing } from '../support/lab/needs.ts';
import { waitFor } from '../support/wait-for.ts';

const program = join(import.meta.dirname, '../support/lab/hold-lab.ts');

describe.skipIf(missing('dockerd', 'docker', 'sshd') !== null)('a lab', () => {
  it('ends with all its processes, mounts and files when the process that started it is killed', async () => {
    const holder = spawn(process.execPath, [program], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = await once(createInterface(holder.stdout), 'line');
    const { folders, containerPid } = JSON.parse(line) as HeldLab;
    expect(existsSync(`/proc/${containerPid}`)).toBe(true);
    for (const folder of folders) expect(existsSync(folder)).toBe(true);
    const pids = (await Promise.all(folders.map(processesOf))).flat();
    expect(pids).toContain(containerPid);
    // The sshd, the engine, its containerd, the container's shim and the container.
    expect(new Set(pids).size).toBeGreaterThanOrEqual(5);

    holder.kill('SIGKILL');
    await waitFor(() => !pids.some((pid) => existsSync(`/proc/${pid}`)), 60_000);
    await waitFor(() => !folders.some((folder) => existsSync(folder)), 60_000);
    for (const folder of folders) {
      expect(await processesOf(folder)).toEqual([]);
      expect(await mountsBelow(folder)).toEqual([]);
    }
  });
});
