import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { workerEventSchema } from '../../../../src/protocol/worker-event.ts';
import { callSocket, openSocket } from '../../../support/call-socket.ts';
import { sampleEngine, sampleTasks } from '../../../support/sample-work.ts';
import { type StandIn, startStandInServer } from '../../../support/stand-in-server.ts';
import { waitFor } from '../../../support/wait-for.ts';
import { exitOf, WorkerRig } from '../../../support/worker-rig.ts';

let rig: WorkerRig;
let standIn: StandIn;

beforeAll(async () => {
  rig = new WorkerRig();
  standIn = await startStandInServer();
  await rig.start();
});

afterAll(async () => {
  await rig.close();
  await standIn.stop();
});

function errorCode(answer: { body: string }): unknown {
  return JSON.parse(answer.body).error.code;
}

describe('paths outside the run folder are refused, and nothing is read', () => {
  beforeAll(() => {
    const manifest = rig.writeManifest(50, sampleEngine(standIn.baseUrl), [sampleTasks(1)]);
    const content = JSON.stringify({ path: manifest });
    writeFileSync(join(rig.root, 'worker_0_manifest_7.json'), content);
    mkdirSync(join(rig.root, 'elsewhere'));
    writeFileSync(join(rig.root, 'elsewhere', 'worker_0_manifest_8.json'), content);
    const manifests = join(rig.runFolder, 'manifests');
    symlinkSync(join(rig.root, 'worker_0_manifest_7.json'), join(manifests, 'worker_0_manifest_7.json'));
    symlinkSync(join(rig.root, 'elsewhere'), join(rig.runFolder, 'linked'));
  });

  it.each([
    { rule: 'by dots', path: '../../worker_0_manifest_7.json' },
    { rule: 'by dots behind a folder', path: 'manifests/../../../worker_0_manifest_7.json' },
    { rule: 'by a linked file', path: 'manifests/worker_0_manifest_7.json' },
    { rule: 'by a linked folder', path: 'linked/worker_0_manifest_8.json' },
    { rule: 'absolute', path: '/etc/passwd' },
    { rule: 'the folder itself', path: '.' },
  ])('$rule', async ({ path }) => {
    const answer = await rig.submit(path);
    expect([answer.status, errorCode(answer)]).toEqual([403, 'path-outside']);
  });

  it('but an absolute path inside is fine', async () => {
    expect((await rig.submit(join(rig.runFolder, 'manifests/worker_0_manifest_50.json'))).status).toBe(202);
  });
});

describe('what is no manifest is refused with a reason', () => {
  const good = () => JSON.stringify({ version: 1 });
  it.each([
    { rule: 'a missing file', name: 'worker_0_manifest_90.json', content: null, status: 404 },
    { rule: 'no JSON', name: 'worker_0_manifest_91.json', content: '{"version":', status: 400 },
    { rule: 'an empty file', name: 'worker_0_manifest_92.json', content: '', status: 400 },
    { rule: 'another shape', name: 'worker_0_manifest_93.json', content: good(), status: 400 },
    { rule: 'a list', name: 'worker_0_manifest_94.json', content: '[]', status: 400 },
    { rule: "another worker's", name: 'worker_1_manifest_0.json', content: good(), status: 400 },
    { rule: 'another name', name: 'notes.json', content: good(), status: 400 },
  ])('$rule', async ({ name, content, status }) => {
    mkdirSync(join(rig.runFolder, 'manifests'), { recursive: true });
    if (content !== null) writeFileSync(join(rig.runFolder, 'manifests', name), content);
    const answer = await rig.submit(`manifests/${name}`);
    expect(answer.status).toBe(status);
    expect(JSON.parse(answer.body).error.message).toContain(name);
  });

  it('a manifest of another run', async () => {
    const path = rig.writeManifest(95, sampleEngine(standIn.baseUrl), [sampleTasks(1)]);
    const full = join(rig.runFolder, path);
    writeFileSync(full, readFileSync(full, 'utf8').replace('"run-1"', '"run-2"'));
    const answer = await rig.submit(path);
    expect([answer.status, JSON.parse(answer.body).error.message]).toEqual([
      400,
      expect.stringContaining('run-2'),
    ]);
  });
});

describe('requests', () => {
  it.each([
    { rule: 'an unknown path', method: 'GET', path: '/nothing', body: undefined, status: 404 },
    { rule: 'another method', method: 'DELETE', path: '/status', body: undefined, status: 405 },
    {
      rule: 'a method of every object',
      method: 'GET',
      path: '/process_manifest',
      body: undefined,
      status: 405,
    },
    { rule: 'a body that is no JSON', method: 'POST', path: '/process_manifest', body: '{{{', status: 400 },
    { rule: 'no body', method: 'POST', path: '/process_manifest', body: '', status: 400 },
    { rule: 'a body of null', method: 'POST', path: '/process_manifest', body: 'null', status: 400 },
    {
      rule: 'a path that is none',
      method: 'POST',
      path: '/process_manifest',
      body: '{"manifest_path":7}',
      status: 400,
    },
    {
      rule: 'a zero byte',
      method: 'POST',
      path: '/process_manifest',
      body: '{"manifest_path":"a\\u0000"}',
      status: 400,
    },
    {
      rule: 'a body too large',
      method: 'POST',
      path: '/process_manifest',
      body: 'x'.repeat(200_000),
      status: 413,
    },
    { rule: 'a negative drain', method: 'POST', path: '/shutdown', body: '{"drain_ms":-1}', status: 400 },
  ])('$rule: $status', async ({ method, path, body, status }) => {
    const answer = await callSocket(rig.socketPath, method, path, body);
    expect(answer.status).toBe(status);
    expect(JSON.parse(answer.body).error.message).not.toBe('');
  });

  it('bytes that are no HTTP end that connection only', async () => {
    const socket = createConnection(rig.socketPath);
    socket.on('error', () => undefined);
    socket.resume();
    socket.end(Buffer.from([0, 1, 2, 255, 254, 10, 10]));
    await new Promise((resolve) => socket.once('close', resolve));
    expect((await rig.get('/healthz')).status).toBe(200);
  });
});

describe('GET /events', () => {
  it('opens with the status, then tells tasks with their whole results, after they are published', async () => {
    const tasks = sampleTasks(3, null, 'told task');
    const stream = await openSocket(rig.socketPath, 'GET', '/events');
    let text = '';
    const publishedWhenTold: boolean[] = [];
    stream.on('data', (chunk: Buffer) => {
      text += chunk.toString('utf8');
      for (const task of tasks) {
        if (text.includes(`"task-finished","result":{"version":1,"task_key":"${task.task_key}"`)) {
          publishedWhenTold.push(rig.result(task.task_key) !== null);
        }
      }
    });
    await rig.submit(rig.writeManifest(60, sampleEngine(standIn.baseUrl), [tasks]));
    const events = () =>
      text
        .split('\n')
        .slice(0, -1)
        .map((line) => workerEventSchema.parse(JSON.parse(line)));
    await waitFor(() => events().filter((event) => event.type === 'task-finished').length === 3);
    stream.destroy();
    expect(events()[0]?.type).toBe('status');
    expect(publishedWhenTold).not.toContain(false);
    const finished = events().flatMap((event) => (event.type === 'task-finished' ? [event.result] : []));
    expect(new Set(finished.map((result) => result.task_key)).size).toBe(3);
    for (const result of finished) expect(result).toEqual(rig.result(result.task_key));
    const started = events().filter((event) => event.type === 'task-started').length;
    expect(started).toBe(3);
  });

  it('lets a reader go that does not read, and works on', async () => {
    const stalled = createConnection(rig.socketPath);
    stalled.on('error', () => undefined);
    stalled.write('GET /events HTTP/1.1\r\nhost: x\r\n\r\n');
    const tasks = sampleTasks(40, null, 'wordy task');
    // Each answer is 0.3 MB; together they are more than a socket and the worker's patience hold.
    standIn.setFault({ fault: { kind: 'answer-with-noise', words: 50_000 } });
    await rig.submit(rig.writeManifest(61, sampleEngine(standIn.baseUrl), [tasks]));
    expect((await rig.results(tasks)).map((result) => result.status)).toEqual(tasks.map(() => 'ok'));
    standIn.setFault(null);
    // Only now it reads: the stream ends in the middle, where the worker let go.
    let text = '';
    stalled.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
    });
    await new Promise((resolve) => stalled.once('close', resolve));
    expect(text.split('"task-finished"').length - 1).toBeLessThan(40);
  });
});

describe('one worker per run and number', () => {
  it('refuses a second one, which ends well and says so', async () => {
    const second = rig.spawn();
    expect(await exitOf(second)).toBe(0);
    expect(rig.log).toContain('runs already');
    expect((await rig.get('/healthz')).status).toBe(200);
  });
});
