import { spawn } from 'node:child_process';
import { chmod } from 'node:fs/promises';
import { createServer, get, type IncomingMessage, request, type Server } from 'node:http';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SshLink } from '../../../../src/adapters/ssh/ssh-link.ts';
import { StreamAgent } from '../../../../src/adapters/ssh/stream-agent.ts';
import { startFaultProxy } from '../../../support/lab/fault-proxy.ts';
import { missing } from '../../../support/lab/needs.ts';
import { closeLinksAfterEach, linkTo } from '../../../support/lab/ssh-links.ts';
import { type LabSshd, startSshd } from '../../../support/lab/sshd.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

const skipReason = missing('sshd', 'ssh', 'ssh-keygen');

describe.skipIf(skipReason !== null)(`streams to sockets${skipReason ? ` (${skipReason})` : ''}`, () => {
  let sshd: LabSshd;
  let folder: string;
  let socketPath: string;
  let server: Server;
  const sockets = new Set<Socket>();
  beforeAll(async () => {
    folder = await temporaryFolder();
    socketPath = join(folder, 'http.sock');
    sshd = await startSshd({ config: ['MaxSessions 1'] });
    server = createServer({ keepAliveTimeout: 60_000 }, (incoming, outgoing) => {
      if (incoming.url === '/silent') return;
      if (incoming.url === '/endless') {
        outgoing.write('begun');
        return;
      }
      incoming.pipe(outgoing);
    });
    server.on('connection', (socket) => sockets.add(socket));
    await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  });
  afterAll(async () => {
    server?.closeAllConnections();
    server?.close();
    await sshd?.stop();
  });
  closeLinksAfterEach();

  const agentFor = (link: SshLink) => new StreamAgent(() => link.openStream(socketPath), { keepAlive: true });

  async function echo(agent: StreamAgent, body: string | Buffer): Promise<string> {
    const outgoing = request({
      agent,
      method: 'POST',
      path: '/',
      headers: { 'content-length': body.length },
    });
    outgoing.end(body);
    return await text(await responseOf(outgoing));
  }

  it('carries many requests over one stream', async () => {
    const link = await linkTo(sshd.settings);
    const agent = agentFor(link);
    await echo(agent, 'warm');
    const before = sockets.size;
    for (let call = 0; call < 50; call++) expect(await echo(agent, `call ${call}`)).toBe(`call ${call}`);
    expect(sockets.size).toBe(before);
    agent.destroy();
  });

  it('carries large bodies and many streams at once, although the host allows one session', async () => {
    const link = await linkTo(sshd.settings);
    const agent = agentFor(link);
    await link.use(async (connection) => await connection.sftp());
    const body = Buffer.alloc(3 << 20, 'abcdefgh');
    const answers = await Promise.all(Array.from({ length: 12 }, () => echo(agent, body)));
    for (const answer of answers) expect(answer).toBe(body.toString());
    agent.destroy();
  });

  it('ends a request at once when it is given up, also while the link is silent', async () => {
    const proxy = await startFaultProxy(sshd.port);
    const link = await linkTo({ ...sshd.settings, port: proxy.port });
    const agent = agentFor(link);
    await echo(agent, 'warm');
    proxy.stall();
    const startedMs = performance.now();
    const silent = responseOf(get({ agent, path: '/silent', signal: AbortSignal.timeout(200) }));
    await expect(silent).rejects.toMatchObject({ name: 'AbortError' });
    expect(performance.now() - startedMs).toBeLessThan(1_000);
    agent.destroy();
    await link.close();
    await proxy.stop();
  });

  it('honours a timeout of the request', async () => {
    const agent = agentFor(await linkTo(sshd.settings));
    const outgoing = get({ agent, path: '/silent', timeout: 200 });
    const timedOut = new Promise((resolve) => outgoing.once('timeout', resolve));
    outgoing.on('error', () => {});
    await timedOut;
    outgoing.destroy();
    agent.destroy();
  });

  it('fails a response whose connection was cut, and does not take it for complete', async () => {
    const proxy = await startFaultProxy(sshd.port);
    const link = await linkTo({ ...sshd.settings, port: proxy.port });
    const stream = await link.openStream(socketPath);
    stream.write('GET /endless HTTP/1.0\r\n\r\n');
    await new Promise((resolve) => stream.once('data', resolve));
    const failed = expect(text(stream)).rejects.toMatchObject({ code: 'ECONNRESET' });
    proxy.cut();
    await failed;
    await link.close();
    await proxy.stop();
  });

  it('tells apart why nobody answers', async () => {
    const link = await linkTo(sshd.settings);
    const stale = join(folder, 'stale.sock');
    await makeStaleSocket(stale);
    const refused = [
      { path: join(folder, 'nothing'), code: 'ENOENT' },
      { path: sshd.knownHostsFile, code: 'ENOTSOCK' },
      { path: stale, code: 'ECONNREFUSED' },
    ];
    for (const { path, code } of refused) {
      await expect(link.openStream(path)).rejects.toMatchObject({
        code,
        message: expect.stringContaining(path),
      });
    }
  });

  it('tells that the user may not use a socket', async () => {
    const user = 'nobody';
    const other = await startSshd({ config: ['ForceCommand internal-sftp'] });
    try {
      await chmod(other.folder, 0o755);
      await chmod(folder, 0o755);
      await chmod(socketPath, 0o600);
      const link = await linkTo({ ...other.settings, user });
      await expect(link.openStream(socketPath)).rejects.toMatchObject({ code: 'EACCES' });
    } finally {
      await chmod(socketPath, 0o666);
      await other.stop();
    }
  });

  it('says what sshd has to be told when it forwards to no socket', async () => {
    const closed = await startSshd({ config: ['AllowStreamLocalForwarding no'] });
    try {
      const link = await linkTo(closed.settings);
      await expect(link.openStream(socketPath)).rejects.toMatchObject({
        code: 'host-refused',
        exitCode: 2,
        nextStep: expect.stringContaining('AllowStreamLocalForwarding yes'),
      });
    } finally {
      await closed.stop();
    }
  });

  it('keeps no process alive once it is closed', async () => {
    const program = `
      import { resolveTarget } from ${moduleUrl('resolve-target')};
      import { SshLink } from ${moduleUrl('ssh-link')};
      import { systemClock } from ${JSON.stringify(pathToFileURL(join(import.meta.dirname, '../../../../src/adapters/system-clock.ts')).href)};
      const target = await resolveTarget('lab', ${JSON.stringify(sshd.settings)}, { env: {}, sshConfigFile: '/dev/null' });
      const link = new SshLink({ target, clock: systemClock, random01: Math.random, retryForMs: 5000 });
      await link.use((connection) => connection.sftp());
      const stream = await link.openStream(${JSON.stringify(socketPath)});
      stream.on('error', () => {});
      await link.close();
      process.stdout.write(String(performance.now()));
      process.on('exit', () => process.stdout.write(' ' + performance.now()));`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [closedMs = 0, exitMs = Number.POSITIVE_INFINITY] = (await text(child.stdout))
      .split(' ')
      .map(Number);
    expect(exitMs - closedMs).toBeLessThan(500);
  });
});

/** A socket whose process died without tidying up. */
async function makeStaleSocket(path: string): Promise<void> {
  const program = `require('net').createServer().listen(${JSON.stringify(path)}, () => console.log('up'))`;
  const child = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise((resolve) => child.stdout.once('data', resolve));
  child.kill('SIGKILL');
  await new Promise((resolve) => child.once('exit', resolve));
}

function moduleUrl(name: string): string {
  const path = join(import.meta.dirname, `../../../../src/adapters/ssh/${name}.ts`);
  return JSON.stringify(pathToFileURL(path).href);
}

function responseOf(outgoing: ReturnType<typeof request>): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    outgoing.once('response', resolve);
    outgoing.once('error', reject);
  });
}
