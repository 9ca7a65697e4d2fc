import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { Agent } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { callSocket } from '../call-socket.ts';
import { waitFor } from '../wait-for.ts';
import { endLab } from './end-lab.ts';
import { kill, listProcesses } from './processes.ts';
import { guard, unguard } from './watchdog.ts';

/** A Docker engine of its own: no bridge network, no registry, its own images. */
export interface DockerEngine {
  /** Everything it keeps lies here. */
  readonly folder: string;
  readonly socketPath: string;
  /** What the engine said so far. */
  log(): Promise<string>;
  /** Stops the engine as a service manager does, and starts it again. */
  restart(): Promise<void>;
  /** Ends the engine at once; its containers lose it without a word. Start it again with `restart`. */
  kill(): Promise<void>;
  /** Ends the engine, everything that runs in it, its mounts and its files. */
  stop(): Promise<void>;
}

/**
 * Starts a real `dockerd`. Its folder lies right under /tmp, because socket paths may not exceed about 100 bytes.
 *
 * @throws with the engine's last words when it does not get ready within 30 s.
 */
export async function startDockerEngine(): Promise<DockerEngine> {
  const folder = await mkdtemp('/tmp/cde-');
  guard(folder);
  const engine = new LabEngine(folder);
  try {
    await engine.start();
  } catch (error) {
    await engine.stop();
    throw error;
  }
  return engine;
}

/** An agent whose connections all lead to a unix socket. */
export function agentTo(socketPath: string): Agent {
  const agent = new Agent({ keepAlive: true });
  agent.createConnection = () => connect(socketPath);
  return agent;
}

class LabEngine implements DockerEngine {
  readonly folder: string;
  readonly socketPath: string;
  #child: ChildProcess | null = null;
  #storageDriver = 'overlay2';

  constructor(folder: string) {
    this.folder = folder;
    this.socketPath = join(folder, 'docker.sock');
  }

  async start(): Promise<void> {
    if (await this.#tryStart()) return;
    // Some systems, such as containers on an overlay file system, cannot stack another one.
    this.#storageDriver = 'vfs';
    if (!(await this.#tryStart())) throw new Error(`dockerd does not start:\n${await this.log()}`);
  }

  async log(): Promise<string> {
    return (await readFile(join(this.folder, 'log'), 'utf8').catch(() => '')).slice(-4000);
  }

  async restart(): Promise<void> {
    await this.#end('SIGTERM', 40_000);
    if (!(await this.#tryStart())) throw new Error(`dockerd does not start again:\n${await this.log()}`);
  }

  async kill(): Promise<void> {
    await this.#end('SIGKILL', 5_000);
    // Its containerd dies with it, but may stay a zombie that the next engine takes for alive. Shims live on.
    await waitFor(async () => {
      const left = (await listProcesses()).filter(
        ({ program, text }) => program === 'containerd' && text.includes(`${this.folder}/`),
      );
      for (const { pid } of left) kill(pid);
      return left.length === 0;
    });
    await rm(join(this.folder, 'exec/containerd/containerd.pid'), { force: true });
  }

  async stop(): Promise<void> {
    await this.#end('SIGTERM', 40_000);
    await endLab(this.folder);
    unguard(this.folder);
  }

  async #tryStart(): Promise<boolean> {
    await mkdir(this.folder, { recursive: true });
    await rm(join(this.folder, 'pid'), { force: true });
    const log = openSync(join(this.folder, 'log'), 'a');
    const child = spawn('dockerd', this.#arguments(), { stdio: ['ignore', log, log], detached: true });
    closeSync(log);
    this.#child = child;
    const isGone = new Promise<boolean>((resolve) => {
      child.once('error', () => resolve(true));
      child.once('exit', () => resolve(true));
    });
    const deadlineMs = performance.now() + 30_000;
    while (performance.now() < deadlineMs) {
      if (await isAnswering(this.socketPath)) return true;
      if (await Promise.race([isGone, delay(50, false)])) break;
    }
    await this.#end('SIGKILL', 5_000);
    return false;
  }

  #arguments(): string[] {
    return [
      ...['--data-root', join(this.folder, 'data'), '--exec-root', join(this.folder, 'exec')],
      ...['--pidfile', join(this.folder, 'pid'), '-H', `unix://${this.socketPath}`],
      ...['--iptables=false', '--ip6tables=false', '--bridge=none'],
      `--storage-driver=${this.#storageDriver}`,
    ];
  }

  async #end(signal: NodeJS.Signals, patienceMs: number): Promise<void> {
    const child = this.#child;
    this.#child = null;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    child.kill(signal);
    const timer = setTimeout(() => child.kill('SIGKILL'), patienceMs);
    await gone;
    clearTimeout(timer);
  }
}

async function isAnswering(socketPath: string): Promise<boolean> {
  return await callSocket(socketPath, 'GET', '/_ping').then(
    (answer) => answer.status === 200,
    () => false,
  );
}
