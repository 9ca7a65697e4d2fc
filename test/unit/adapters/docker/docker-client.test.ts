import { once } from 'node:events';
import { Agent, createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { connect, Socket } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { DockerClient } from '../../../../src/adapters/docker/docker-client.ts';
import { statusOf } from '../../../../src/adapters/docker/docker-errors.ts';
import { systemClock } from '../../../../src/adapters/system-clock.ts';
import type { Clock } from '../../../../src/ports/clock.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

const folder = await temporaryFolder();
const cleanUps: (() => Promise<void> | void)[] = [];
let sockets = 0;

afterEach(async () => {
  vi.unstubAllEnvs();
  for (const cleanUp of cleanUps.splice(0)) await cleanUp();
});

/** A server that answers as an engine does, so far as a test says how. */
async function serve(
  listener: RequestListener,
  version: object = { Version: '27.0', ApiVersion: '1.46', Os: 'linux' },
) {
  const socketPath = join(folder, `d${sockets++}.sock`);
  const server = createServer((request, response) => {
    if (request.url === '/version') response.end(JSON.stringify(version));
    else listener(request, response);
  });
  cleanUps.push(() => closeServer(server));
  server.listen(socketPath);
  await once(server, 'listening');
  return { socketPath, server, connections: countConnections(server) };
}

function countConnections(server: Server) {
  const count = { made: 0 };
  server.on('connection', () => {
    count.made += 1;
  });
  return count;
}

async function closeServer(server: Server): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeAllConnections();
  await closed;
}

function clientOf(socketPath: string, retryForMs = 60_000, clock: Clock = systemClock): DockerClient {
  const agent = new Agent({ keepAlive: true });
  agent.createConnection = () => connect(socketPath);
  cleanUps.push(() => agent.destroy());
  return new DockerClient({
    agent,
    hostName: 'gpu1',
    socketPath,
    clock,
    random01: Math.random,
    retryForMs,
  });
}

/** A clock whose pauses take no time, but are counted, also by what else this process reads of time. */
function swiftClock() {
  vi.useFakeTimers({ toFake: ['performance', 'setTimeout', 'clearTimeout'] });
  cleanUps.push(() => {
    vi.useRealTimers();
  });
  const clock = {
    sleptMs: 0,
    now: () => performance.now(),
    sleep: async (ms: number) => {
      clock.sleptMs += ms;
      vi.advanceTimersByTime(ms);
    },
  };
  return clock;
}

const inspect = (client: DockerClient, limits = {}) =>
  client.find((docker) => docker.getContainer('x').inspect(), limits);

describe('DockerClient', () => {
  it('keeps one connection for one call after another', async () => {
    const engine = await serve((_request, response) => response.end('{"Id":"1"}'));
    const client = clientOf(engine.socketPath);
    for (let call = 0; call < 20; call++) expect(await inspect(client)).toEqual({ Id: '1' });
    expect(engine.connections.made).toBe(1);
  });

  it.each([
    { DOCKER_HOST: 'tcp://127.0.0.1:1', DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: '/nowhere' },
    { DOCKER_HOST: 'no address at all' },
    { DOCKER_HOST: 'ssh://somebody@127.0.0.1', DOCKER_PATH_PREFIX: '/elsewhere' },
  ])('goes through its agent, whatever the environment says: %o', async (environment) => {
    for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
    const engine = await serve((request, response) => response.end(JSON.stringify({ url: request.url })));
    expect(await inspect(clientOf(engine.socketPath))).toEqual({ url: '/containers/x/json' });
    expect(process.env['DOCKER_HOST']).toBe(environment.DOCKER_HOST);
  });

  it('asks again when an answer breaks off, and at once', async () => {
    let asked = 0;
    const engine = await serve((_request, response) => {
      asked += 1;
      if (asked > 2) {
        response.end('{"Id":"1"}');
        return;
      }
      response.writeHead(200, { 'content-length': 100 });
      response.write('{"Id":', () => response.destroy());
    });
    const clock = swiftClock();
    expect(await inspect(clientOf(engine.socketPath, 60_000, clock))).toEqual({ Id: '1' });
    expect(asked).toBe(3);
    expect(clock.sleptMs).toBeLessThan(1_500);
  });

  it('asks again when nothing comes', async () => {
    let asked = 0;
    const engine = await serve((_request, response) => {
      if (++asked > 1) response.end('{"Id":"1"}');
    });
    expect(await inspect(clientOf(engine.socketPath), { silenceMs: 100 })).toEqual({ Id: '1' });
  });

  it('gives up on an engine that has fallen silent', async () => {
    const engine = await serve(() => undefined);
    await expect(inspect(clientOf(engine.socketPath, 300), { silenceMs: 50 })).rejects.toMatchObject({
      code: 'host-unreachable',
      isRetryable: true,
    });
  });

  it('counts silence and patience anew with every sign of progress', async () => {
    const answers: ServerResponse[] = [];
    const engine = await serve((_request, response) => {
      answers.push(response);
      if (answers.length > 4) response.end('done');
      else response.write('a');
    });
    const client = clientOf(engine.socketPath, 100, swiftClock());
    const text = await client.call(
      async (docker, noteProgress) => {
        let all = '';
        for await (const piece of await docker.pull('x', {})) {
          noteProgress();
          all += piece;
          if (answers.length > 4) continue;
          vi.advanceTimersByTime(60);
          answers.at(-1)?.destroy();
        }
        return all;
      },
      { silenceMs: 80 },
    );
    expect(text).toBe('done');
  });

  it('gives 404 as nothing, and other answers as errors with a status, at once', async () => {
    const engine = await serve((request, response) => {
      response.statusCode = request.url?.includes('/x/') ? 404 : 500;
      response.end('{"message":"because"}');
    });
    const client = clientOf(engine.socketPath);
    expect(await inspect(client)).toBeNull();
    const error = await client
      .call((docker) => docker.getContainer('y').inspect())
      .catch((reason: unknown) => reason);
    expect(statusOf(error)).toBe(500);
  });

  it('says what to do when there is no engine', async () => {
    const clock = swiftClock();
    await expect(inspect(clientOf(join(folder, 'nothing.sock'), 60_000, clock))).rejects.toMatchObject({
      code: 'host-refused',
      nextStep: expect.stringContaining('docker_socket'),
    });
    expect(clock.sleptMs).toBeLessThan(6_000);
  });

  it('says at once what to do without permission', async () => {
    const agent = new Agent();
    agent.createConnection = (_options, done) => {
      done?.(Object.assign(new Error('connect EACCES /run/d.sock'), { code: 'EACCES' }), new Socket());
      return undefined;
    };
    const place = { hostName: 'gpu1', socketPath: '/run/d.sock' };
    const client = new DockerClient({ ...place, agent, clock: systemClock, random01: Math.random });
    await expect(inspect(client)).rejects.toMatchObject({
      code: 'host-refused',
      nextStep: expect.stringContaining('group docker'),
    });
  });

  it.each([
    { Version: '18.09.1', ApiVersion: '1.39', Os: 'linux' },
    { Version: '27.0', ApiVersion: '1.46', Os: 'windows' },
  ])('refuses an engine that cannot do it: %o', async (version) => {
    const engine = await serve((_request, response) => response.end('{}'), version);
    await expect(inspect(clientOf(engine.socketPath))).rejects.toMatchObject({
      code: 'host-refused',
      nextStep: expect.stringContaining('20.10'),
    });
  });

  it('ends with the reason of its signal', async () => {
    const stop = new AbortController();
    const engine = await serve(() => stop.abort(new Error('enough')));
    const asked = inspect(clientOf(engine.socketPath), { signal: stop.signal });
    await expect(asked).rejects.toThrow('enough');
  });

  it('throws mistakes of the program as they are', async () => {
    const engine = await serve((_request, response) => response.end('{}'));
    const work = () => Promise.reject(new TypeError('a mistake'));
    await expect(clientOf(engine.socketPath).call(work)).rejects.toThrow(TypeError);
  });
});
