import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { appendFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { HostSettings } from '../../../src/core/settings/settings-schema.ts';
import { waitFor } from '../wait-for.ts';
import { freePort } from './free-port.ts';
import { pathOf } from './needs.ts';
import { descendantsOf, kill, listProcesses } from './processes.ts';
import { guard, unguard } from './watchdog.ts';

const run = promisify(execFile);

/** How a test's sshd differs from the usual one. */
export interface SshdOptions {
  /** Types of its host keys, for `ssh-keygen -t`. */
  readonly hostKeyTypes?: readonly ('ed25519' | 'ecdsa' | 'rsa')[];
  /** Lines of sshd_config, in place of the usual ones with the same keyword. */
  readonly config?: readonly string[];
  /** Whether the identity it makes may log in; true by default. */
  readonly acceptUser?: boolean;
}

/** A real OpenSSH server on 127.0.0.1, with keys of its own, that lets the user of the tests in. */
export interface LabSshd {
  readonly port: number;
  /** Everything it wrote and reads lies here. */
  readonly folder: string;
  /** `[127.0.0.1]:PORT TYPE KEY` of its first host key. */
  readonly hostKeyLine: string;
  /** Holds all its host keys, for whatever port of this machine leads to it. */
  readonly knownHostsFile: string;
  /** A private key that may log in. */
  readonly identityFile: string;
  /** What goes under `[hosts.NAME]` to reach it. */
  readonly settings: Pick<HostSettings, 'address' | 'port' | 'user' | 'identity_file' | 'known_hosts_file'>;
  /** What it logged so far. */
  log(): Promise<string>;
  /** Lets one more key in: a line of `authorized_keys`. */
  authorize(publicKeyLine: string): Promise<void>;
  /** Makes it show other keys from the next connection on. */
  changeHostKeys(): Promise<void>;
  /** Number of connections it holds, logged in or not. */
  connectionCount(): Promise<number>;
  /** Ends it and all its sessions, at once. */
  kill(): Promise<void>;
  /** As `kill`, then starts it again on the same port with the same keys. */
  restart(): Promise<void>;
  /** As `kill`, and removes its files. */
  stop(): Promise<void>;
}

/** Starts one; its own folder is removed by `stop`. */
export async function startSshd(options: SshdOptions = {}): Promise<LabSshd> {
  const folder = await mkdtemp(join(tmpdir(), 'cosmos-sshd-'));
  guard(folder);
  const port = await freePort();
  const types = options.hostKeyTypes ?? ['ed25519'];
  const knownHostsFile = join(folder, 'known_hosts');
  const identityFile = join(folder, 'id_ed25519');
  const hostKeyLines = await makeHostKeys(folder, types, port);
  // A proxy in front of it has a port of its own.
  const forAnyPort = hostKeyLines.map((line) => `${line.replace(/^\S+/, '[127.0.0.1]:*')}\n`);
  await writeFile(knownHostsFile, forAnyPort.join(''));
  const publicKey = await makeKey(identityFile, 'ed25519');
  await writeFile(join(folder, 'authorized_keys'), options.acceptUser === false ? '' : `${publicKey}\n`);
  await writeConfig(folder, port, types, options.config ?? []);
  const daemon = new Daemon(folder, port);
  const end = async () => {
    await daemon.kill();
    await rm(folder, { recursive: true, force: true });
    unguard(folder);
  };
  await daemon.start().catch(async (error: unknown) => {
    await end();
    throw error;
  });
  return {
    port,
    folder,
    knownHostsFile,
    identityFile,
    hostKeyLine: hostKeyLines[0] ?? '',
    settings: {
      address: '127.0.0.1',
      port,
      user: userInfo().username,
      identity_file: identityFile,
      known_hosts_file: knownHostsFile,
    },
    log: () => readFile(join(folder, 'log'), 'utf8'),
    authorize: (line) => appendFile(join(folder, 'authorized_keys'), `${line.trim()}\n`),
    changeHostKeys: async () => {
      await makeHostKeys(folder, types, port);
      await daemon.restart();
    },
    connectionCount: async () => (await daemon.sessions()).length,
    kill: () => daemon.kill(),
    restart: () => daemon.restart(),
    stop: end,
  };
}

/** Makes a key pair, over one that is there; gives its public line. */
export async function makeKey(
  path: string,
  type: 'ed25519' | 'ecdsa' | 'rsa',
  passphrase = '',
): Promise<string> {
  await Promise.all([rm(path, { force: true }), rm(`${path}.pub`, { force: true })]);
  await run('ssh-keygen', ['-q', '-t', type, '-N', passphrase, '-C', 'cosmos-lab', '-f', path]);
  return (await readFile(`${path}.pub`, 'utf8')).trim();
}

async function makeHostKeys(
  folder: string,
  types: NonNullable<SshdOptions['hostKeyTypes']>,
  port: number,
): Promise<readonly string[]> {
  const lines = await Promise.all(types.map((type) => makeKey(join(folder, `host_${type}`), type)));
  return lines.map((line) => `[127.0.0.1]:${port} ${line.split(' ').slice(0, 2).join(' ')}`);
}

async function writeConfig(
  folder: string,
  port: number,
  types: NonNullable<SshdOptions['hostKeyTypes']>,
  own: readonly string[],
): Promise<void> {
  const usual = [
    'ListenAddress 127.0.0.1',
    `Port ${port}`,
    ...types.map((type) => `HostKey ${join(folder, `host_${type}`)}`),
    `AuthorizedKeysFile ${join(folder, 'authorized_keys')}`,
    'PidFile none',
    'StrictModes no',
    'UsePAM no',
    'PermitRootLogin yes',
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    'AllowStreamLocalForwarding yes',
    'Subsystem sftp internal-sftp',
    'MaxStartups 1000:30:2000',
    'LoginGraceTime 60',
    'LogLevel VERBOSE',
  ];
  const keywords = new Set(own.map((line) => line.split(' ')[0]));
  const lines = [...own, ...usual.filter((line) => !keywords.has(line.split(' ')[0]))];
  await writeFile(join(folder, 'config'), `${lines.join('\n')}\n`);
}

/** The process, and those it makes for each connection, which leave its process group. */
class Daemon {
  readonly #folder: string;
  readonly #port: number;
  #child: ChildProcess | null = null;

  constructor(folder: string, port: number) {
    this.#folder = folder;
    this.#port = port;
  }

  async start(): Promise<void> {
    // sshd insists on a full path to itself, and on this folder.
    await mkdir('/run/sshd', { recursive: true });
    const flags = ['-D', '-f', join(this.#folder, 'config'), '-E', join(this.#folder, 'log')];
    const child = spawn(pathOf('sshd') ?? '/usr/sbin/sshd', flags, { stdio: 'ignore' });
    this.#child = child;
    await waitFor(async () => {
      if (child.exitCode !== null) throw new Error(await readFile(join(this.#folder, 'log'), 'utf8'));
      return await answers(this.#port);
    }, 10_000);
  }

  async sessions(): Promise<readonly number[]> {
    const daemonPid = this.#child?.pid;
    const all = await listProcesses();
    return all.flatMap(({ pid, parentPid }) => (parentPid === daemonPid ? [pid] : []));
  }

  async kill(): Promise<void> {
    const child = this.#child;
    if (child?.pid === undefined) return;
    this.#child = null;
    // Stopped first, so that it makes no more sessions while they are counted.
    child.kill('SIGSTOP');
    for (const { pid } of descendantsOf(new Set([child.pid]), await listProcesses())) kill(pid);
    kill(child.pid);
    await waitFor(async () => !(await answers(this.#port)), 10_000);
  }

  async restart(): Promise<void> {
    await this.kill();
    await this.start();
  }
}

async function answers(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('data', () => socket.destroy());
    socket.once('error', () => resolve(false));
    socket.once('close', () => resolve(socket.bytesRead > 0));
    socket.setTimeout(2_000, () => socket.destroy());
  });
}
