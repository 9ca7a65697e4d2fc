import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { waitFor } from '../wait-for.ts';
import { freePort } from './free-port.ts';
import { pathOf } from './needs.ts';

/** A real Redis for tests. */
export interface TestRedis extends AsyncDisposable {
  readonly url: string;
  readonly folder: string;
  /** Ends it as a power cut would; what it had is forgotten, unless it keeps a log. */
  stop(): Promise<void>;
  /** Starts it again on the same port. */
  start(): Promise<void>;
}

export interface TestRedisOptions {
  /** The only user there is; who may do what docs/several-machines.md says that suffices. */
  readonly user?: { readonly name: string; readonly password: string; readonly keys: string };
  /** With a certificate that `ca.crt` in its folder signs. */
  readonly isTls?: boolean;
  /** It has a log on its disk (AOF): it comes back with what it had. */
  readonly keepsLog?: boolean;
}

/** Why tests with Redis cannot run here; null when they can. Where `CI` is set it has to be there. */
export function missingRedis(): string | null {
  if (pathOf('redis-server') !== null) return null;
  if (process.env['CI']) throw new Error('cannot run here: no redis-server');
  return 'cannot run here: no redis-server';
}

export async function startRedis({
  user,
  isTls = false,
  keepsLog = false,
}: TestRedisOptions = {}): Promise<TestRedis> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'cr-')));
  if (isTls) makeCertificates(folder);
  const port = await freePort();
  let server: ChildProcess | null = null;
  const tls = ['tls-cert-file', 'tls-key-file', 'tls-ca-cert-file'].flatMap((option, at) => [
    `--${option}`,
    join(folder, ['redis.crt', 'redis.key', 'ca.crt'][at] ?? ''),
  ]);
  const listen = isTls
    ? ['--port', '0', '--tls-port', String(port), '--tls-auth-clients', 'no', ...tls]
    : ['--port', String(port)];
  const start = async () => {
    const args = ['--bind', '127.0.0.1', '--save', '', '--dir', folder, '--maxmemory-policy', 'noeviction'];
    if (keepsLog) args.push('--appendonly', 'yes');
    const users = user ? ['--user', 'default', 'off', '--user', user.name, ...rulesOf(user)] : [];
    server = spawn(pathOf('redis-server') ?? 'redis-server', [...listen, ...args, ...users], {
      stdio: 'ignore',
    });
    await waitFor(() => canConnect(port));
  };
  const stop = async () => {
    if (server === null || server.exitCode !== null || server.signalCode !== null) return;
    const ended = once(server, 'exit');
    server.kill('SIGKILL');
    await ended;
  };
  await start().catch(async (error: unknown) => {
    await stop();
    throw error;
  });
  return {
    url: `${isTls ? 'rediss' : 'redis'}://${isTls ? 'localhost' : '127.0.0.1'}:${port}`,
    folder,
    start,
    stop,
    [Symbol.asyncDispose]: async () => {
      await stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Whether somebody listens; what it would answer does not matter. */
async function canConnect(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  const isThere = await new Promise<boolean>((resolve) => {
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
  });
  socket.destroy();
  return isThere;
}

function rulesOf({ password, keys }: NonNullable<TestRedisOptions['user']>): string[] {
  const commands = ['+@all', '-@dangerous', '+info', '+client|setname', '+client|id'];
  return ['on', `>${password}`, `~${keys}`, 'resetchannels', ...commands];
}

function makeCertificates(folder: string): void {
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' });
  const key = ['-newkey', 'rsa:2048', '-nodes', '-days', '2'];
  openssl('req', '-x509', ...key, '-keyout', 'ca.key', '-out', 'ca.crt', '-subj', '/CN=a test');
  openssl('req', ...key.slice(0, 3), '-keyout', 'redis.key', '-out', 'redis.csr', '-subj', '/CN=localhost');
  openssl(
    ...['x509', '-req', '-in', 'redis.csr', '-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial'],
    ...['-days', '2', '-out', 'redis.crt'],
  );
}
