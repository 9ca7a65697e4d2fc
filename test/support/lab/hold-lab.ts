import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { startDockerLab } from './docker-lab.ts';
import { startSshd } from './sshd.ts';

const run = promisify(execFile);

/** What a program that holds a lab prints, as one line of JSON. */
export interface HeldLab {
  /** Everything of the lab lies below these. */
  readonly folders: readonly string[];
  /** A process in a container. */
  readonly containerPid: number;
}

/** Starts an sshd and a Docker engine with a container in it, says so, and stays until it is killed. */
async function main(): Promise<void> {
  const [sshd, lab] = await Promise.all([startSshd(), startDockerLab()]);
  const docker = async (...args: string[]) =>
    (await run('docker', ['-H', `unix://${lab.engine.socketPath}`, ...args])).stdout.trim();
  const id = await docker('run', '--detach', '--network', 'none', lab.baseImage, 'sleep', '3600');
  const containerPid = Number(await docker('inspect', '--format', '{{.State.Pid}}', id));
  const held: HeldLab = { folders: [sshd.folder, lab.folder, lab.engine.folder], containerPid };
  process.stdout.write(`${JSON.stringify(held)}\n`);
  setInterval(() => undefined, 60_000);
}

await main();
