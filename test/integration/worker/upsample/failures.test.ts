import { mkdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { TaskErrorCode } from '../../../../src/protocol/task-result.ts';
import { sampleEngine, sampleTask, sampleTasks } from '../../../support/sample-work.ts';
import type { FaultRule } from '../../../support/stand-in/faults.ts';
import { type StandIn, startStandInServer } from '../../../support/stand-in-server.ts';
import { waitFor } from '../../../support/wait-for.ts';
import { WorkerRig } from '../../../support/worker-rig.ts';

let rig: WorkerRig;
let standIn: StandIn;

beforeEach(async () => {
  rig = new WorkerRig();
  standIn = await startStandInServer({ apiKey: 'sk-secret-1234' });
  await rig.start({ COSMOS_TEST_KEY: 'sk-secret-1234', COSMOS_WRONG_KEY: 'sk-wrong-9876' });
});

afterEach(async () => {
  await rig.close();
  await standIn.stop();
});

const keyed = { api_key_env: 'COSMOS_TEST_KEY' };

async function runOne(rule: FaultRule, change: Parameters<typeof sampleEngine>[1] = {}) {
  standIn.setFault(rule);
  const task = sampleTask('A red car turns left at the lights while rain falls');
  const engine = sampleEngine(standIn.baseUrl, { ...keyed, ...change });
  await rig.submit(rig.writeManifest(0, engine, [[task]]));
  const [result] = await rig.results([task]);
  return { result, requests: standIn.stats.requests, seeds: standIn.stats.asks.map((ask) => ask.seed) };
}

interface FailureCase {
  rule: string;
  fault: FaultRule['fault'];
  code: TaskErrorCode;
  requests: number;
  isRetryable: boolean;
  says: RegExp;
}

const failureCases: FailureCase[] = [
  {
    rule: 'over-length',
    fault: { kind: 'over-length' },
    code: 'context-exceeded',
    requests: 1,
    isRetryable: false,
    says: /4096 tokens/,
  },
  {
    rule: 'too many images',
    fault: { kind: 'status', status: 400, message: 'At most 1 image(s) may be provided' },
    code: 'request-rejected',
    requests: 1,
    isRetryable: false,
    says: /At most 1 image/,
  },
  {
    rule: 'unprocessable',
    fault: { kind: 'status', status: 422, message: 'no' },
    code: 'request-rejected',
    requests: 1,
    isRetryable: false,
    says: /422/,
  },
  {
    rule: 'a server error',
    fault: { kind: 'status', status: 500, message: 'out of memory' },
    code: 'engine-failed',
    requests: 3,
    isRetryable: true,
    says: /out of memory/,
  },
  {
    rule: 'invalid JSON',
    fault: { kind: 'body', body: '{"choices": [' },
    code: 'engine-failed',
    requests: 3,
    isRetryable: true,
    says: /JSON/,
  },
  {
    rule: 'no choices',
    fault: { kind: 'body', body: '{"choices":[]}' },
    code: 'engine-failed',
    requests: 3,
    isRetryable: true,
    says: /choices/,
  },
  {
    rule: 'a reset within the answer',
    fault: { kind: 'reset-mid-body' },
    code: 'engine-failed',
    requests: 3,
    isRetryable: true,
    says: /completely/,
  },
  {
    rule: 'an endless answer',
    fault: { kind: 'huge' },
    code: 'engine-failed',
    requests: 3,
    isRetryable: true,
    says: /4 MiB/,
  },
  {
    rule: 'an empty answer',
    fault: { kind: 'answer', text: ' \n' },
    code: 'output-empty',
    requests: 3,
    isRetryable: true,
    says: /answer was empty/,
  },
  {
    rule: 'only reasoning',
    fault: { kind: 'answer', text: '<think>hm, a car' },
    code: 'output-truncated',
    requests: 3,
    isRetryable: true,
    says: /still thinking/,
  },
  {
    rule: 'a full context',
    fault: { kind: 'answer', text: 'A long and winding', finishReason: 'length', outputTokens: 251 },
    code: 'context-exceeded',
    requests: 1,
    isRetryable: false,
    says: /context was full/,
  },
  {
    rule: 'a refusal',
    fault: { kind: 'answer', text: "I'm unable to view images." },
    code: 'output-refused',
    requests: 3,
    isRetryable: true,
    says: /unable to view images/,
  },
  {
    rule: 'a filter',
    fault: { kind: 'answer', text: 'A long and', finishReason: 'content_filter' },
    code: 'output-filtered',
    requests: 3,
    isRetryable: true,
    says: /content filter/,
  },
  {
    rule: 'a cut-off answer',
    fault: { kind: 'answer', text: 'A long and winding', finishReason: 'length' },
    code: 'output-truncated',
    requests: 3,
    isRetryable: true,
    says: /cut off/,
  },
  {
    rule: 'an echo',
    fault: { kind: 'echo' },
    code: 'output-copied',
    requests: 3,
    isRetryable: true,
    says: /repeats the prompt/,
  },
];

describe('a failed task says why, and is asked again only where that helps', () => {
  it.each(failureCases)('$rule', async ({ fault, code, requests, isRetryable, says }) => {
    const run = await runOne({ fault });
    expect(run.result).toMatchObject({
      status: 'failed',
      text: null,
      attempts: requests,
      error: { code, is_retryable: isRetryable },
    });
    expect(run.result?.error?.message).toMatch(says);
    expect(run.requests).toBe(requests);
    await waitFor(async () => (await rig.status()).failed_tasks === 1);
  });

  it('a server that does not answer in time', async () => {
    const run = await runOne({ fault: { kind: 'hang' } }, { request_timeout_ms: 100 });
    expect(run.result?.error?.code).toBe('engine-timeout');
    expect(run.requests).toBe(3);
  });

  it('a hint that is no video', async () => {
    const hint = { sha256: rig.addObject(Buffer.from('no video')), width: 64, height: 36, frames: 2 };
    const task = sampleTask('A road', hint);
    await rig.submit(rig.writeManifest(0, sampleEngine(standIn.baseUrl, keyed), [[task]]));
    const [result] = await rig.results([task]);
    expect(result).toMatchObject({ status: 'failed', error: { code: 'hint-unreadable' } });
    expect(standIn.stats.requests).toBe(0);
  });
});

describe('trouble that passes', () => {
  it('a failed attempt is followed by another one, with a seed', async () => {
    const fault = { kind: 'status', status: 502, message: 'bad gateway' } as const;
    const run = await runOne({ fault, times: 2 });
    expect(run.result).toMatchObject({ status: 'ok', attempts: 3 });
    expect(run.seeds).toEqual([null, 2, 3]);
  });

  it.each([
    { rule: '429', fault: { kind: 'status', status: 429, message: 'slow down', retryAfter: '0' } as const },
    { rule: '503', fault: { kind: 'status', status: 503, message: 'loading' } as const },
    { rule: 'a reset before the answer', fault: { kind: 'reset' } as const },
  ])('$rule costs no attempt, however often', async ({ fault }) => {
    const run = await runOne({ fault, times: 8 });
    expect(run.result).toMatchObject({ status: 'ok', attempts: 1 });
    expect(run.requests).toBeGreaterThanOrEqual(9);
    expect(new Set(run.seeds)).toEqual(new Set([null]));
  });

  it('Retry-After is a minimum, for every slot', async () => {
    const fault = { kind: 'status', status: 429, message: 'slow down', retryAfter: '1' } as const;
    standIn.setFault({ fault, times: 4 });
    const tasks = sampleTasks(8);
    // The worker may find the manifest before it is told of it, which ends an outage.
    standIn.hold();
    await rig.submit(rig.writeManifest(0, sampleEngine(standIn.baseUrl, keyed), [tasks]));
    standIn.release();
    await rig.results(tasks);
    const { arrivalsMs, requests } = standIn.stats;
    // The fifth request comes a second after the first of the four that were refused: no slot began earlier.
    expect((arrivalsMs[4] ?? 0) - (arrivalsMs[0] ?? 0)).toBeGreaterThan(990);
    expect(requests).toBe(12);
  });

  it('an outage over its limit fails every waiting task once, and a new manifest begins anew', async () => {
    standIn.setFault({ fault: { kind: 'status', status: 503, message: 'overloaded' } });
    const tasks = sampleTasks(30);
    const engine = sampleEngine(standIn.baseUrl, { ...keyed, retry: { max_outage_ms: 300 } });
    await rig.submit(rig.writeManifest(0, engine, [tasks]));
    const results = await rig.results(tasks);
    expect(new Set(results.map((result) => result.error?.code))).toEqual(new Set(['engine-unreachable']));
    expect(results.every((result) => result.error?.is_retryable)).toBe(true);
    // The four slots once, then one prober at a time; not 30 tasks for 300 ms each.
    expect(standIn.stats.requests).toBeLessThan(4 + 300);
    const asks = standIn.stats.asks.map((ask) => ask.contentKey);
    expect(new Set(asks).size).toBeLessThanOrEqual(8);
    standIn.setFault(null);
    const later = sampleTasks(3, null, 'later task');
    await rig.submit(rig.writeManifest(1, engine, [later]));
    expect((await rig.results(later)).map((result) => result.status)).toEqual(['ok', 'ok', 'ok']);
    // Of the outage itself two or three lines, of a slow machine some more, and not two for each of 30 tasks.
    const told = rig.log.split('\n').filter((line) => line.includes('The model server '));
    expect(told.length).toBeLessThan(tasks.length / 2);
    expect(told[0]).toContain('The model server does not answer: ');
    expect(told.at(-1)).toMatch(/The model server is given up after \d+ s; \d requests? w\w+ waiting\./);
  });

  it('a result that cannot be written is kept until it can be', async () => {
    const tasks = sampleTasks(12);
    // A folder in the place of the result's file: no right of any user makes the rename work.
    const [first] = tasks;
    if (!first) throw new Error('no task');
    mkdirSync(join(rig.resultPath(first.task_key), 'in-the-way'), { recursive: true });
    await rig.submit(
      rig.writeManifest(0, sampleEngine(standIn.baseUrl, { ...keyed, concurrency: 1 }), [tasks]),
    );
    await waitFor(async () => (await rig.status()).message?.includes('cannot be written') ?? false);
    const asked = standIn.stats.requests;
    // The one in its slot and the one whose frames were read, and no more.
    expect(asked).toBeLessThanOrEqual(3);
    rmSync(rig.resultPath(first.task_key), { recursive: true });
    const all = await rig.results(tasks);
    expect(all.map((result) => result.status)).toEqual(tasks.map(() => 'ok'));
    expect(standIn.stats.requests).toBe(12);
    await waitFor(async () => (await rig.status()).message === null);
  });
});

describe('a failure of the whole engine', () => {
  it.each([
    {
      rule: 'a wrong key',
      change: { api_key_env: 'COSMOS_WRONG_KEY' },
      code: 'engine-rejected',
      says: /refuses the API key/,
    },
    {
      rule: 'a variable that is not set',
      change: { api_key_env: 'COSMOS_NO_KEY' },
      code: 'engine-rejected',
      says: /COSMOS_NO_KEY/,
    },
    {
      rule: 'an unknown model',
      change: { model: 'stand-inn' },
      code: 'engine-rejected',
      says: /serves: stand-in/,
    },
    { rule: 'no URL', change: { base_url: null }, code: 'engine-rejected', says: /base_url is missing/ },
    {
      rule: 'no server',
      change: { base_url: 'http://127.0.0.1:9/v1', retry: { max_outage_ms: 300 } },
      code: 'engine-unreachable',
      says: /127\.0\.0\.1:9/,
    },
  ])('$rule stops the work, leaves the tasks, and is said', async ({ change, code, says }) => {
    const tasks = sampleTasks(3);
    await rig.submit(rig.writeManifest(0, sampleEngine(standIn.baseUrl, { ...keyed, ...change }), [tasks]));
    await waitFor(async () => (await rig.status()).status === 'failed');
    const status = await rig.status();
    expect(status).toMatchObject({ is_fatal: true, code, completed_tasks: 0, failed_tasks: 0 });
    expect(status.message).toMatch(says);
    expect(tasks.map((task) => rig.result(task.task_key))).toEqual([null, null, null]);
    // The next manifest makes it try again, with its own settings.
    await rig.submit(rig.writeManifest(1, sampleEngine(standIn.baseUrl, keyed), [tasks]));
    expect((await rig.results(tasks)).map((result) => result.status)).toEqual(['ok', 'ok', 'ok']);
  });

  it('a key that is refused later than at the start', async () => {
    standIn.setFault({ fault: { kind: 'status', status: 401, message: 'expired: sk-secret-1234' } });
    const tasks = sampleTasks(9);
    // The worker may find the manifest before it is told of it, and being told makes it try again: no answer before that.
    standIn.hold();
    await rig.submit(rig.writeManifest(0, sampleEngine(standIn.baseUrl, keyed), [tasks]));
    standIn.release();
    await waitFor(async () => (await rig.status()).status === 'failed');
    await waitFor(() => standIn.stats.inFlight === 0);
    // One for each slot at most, and none after the first answer.
    expect(standIn.stats.requests).toBeLessThanOrEqual(4);
    const status = await rig.status();
    expect(status.message).toContain('expired: [key]');
    expect(`${rig.log}${JSON.stringify(status)}`).not.toContain('sk-secret-1234');
  });

  it('a server that repeats the key in other forms, in errors and in answers: it is nowhere', async () => {
    const key = 'sk-secret-1234';
    const forms = [
      encodeURIComponent(key).replaceAll('-', '%2d'),
      Buffer.from(`Bearer ${key}`).toString('base64'),
      Buffer.from(`me:${key}`).toString('base64url'),
      Buffer.from(key).toString('hex'),
      key.replaceAll('-', '&#45;'),
    ];
    const [refused, answered] = [sampleTasks(1, null, 'refused'), sampleTasks(1, null, 'answered')];
    const message = `${'x'.repeat(550)} ${forms.join(' ')} ${key}`;
    standIn.setFault({ fault: { kind: 'status', status: 400, message } });
    await rig.submit(rig.writeManifest(0, sampleEngine(standIn.baseUrl, keyed), [refused]));
    const [failed] = await rig.results(refused);
    const text = `A long wide street with wet stones and far lamps, ${forms.join(', ')} and ${key} on a sign.`;
    standIn.setFault({ fault: { kind: 'answer', text, finishReason: 'stop' } });
    await rig.submit(rig.writeManifest(1, sampleEngine(standIn.baseUrl, keyed), [answered]));
    const [good] = await rig.results(answered);
    expect([failed?.status, good?.status]).toEqual(['failed', 'ok']);
    expect(good?.text).toContain('[key] on a sign');
    const kept = `${rig.log}${JSON.stringify([failed, good])}`;
    for (const form of [key, key.slice(0, 10), ...forms.map((each) => each.slice(0, -2))])
      expect([form, kept.includes(form)]).toEqual([form, false]);
  });

  it('a server whose answer is not UTF-8: it is no answer', async () => {
    const [before = '', after = ''] = JSON.stringify({
      choices: [{ message: { content: 'A long wide | street.' }, finish_reason: 'stop' }],
    }).split('|');
    const body = Buffer.concat([Buffer.from(before), Buffer.from([0xc3, 0x28]), Buffer.from(after)]);
    standIn.setFault({ fault: { kind: 'body', body } });
    const tasks = sampleTasks(1, null, 'broken');
    await rig.submit(rig.writeManifest(0, sampleEngine(standIn.baseUrl, keyed), [tasks]));
    const [result] = await rig.results(tasks);
    const error = { code: 'engine-failed', message: expect.stringContaining('not valid UTF-8') };
    expect(result).toMatchObject({ status: 'failed', error });
  });

  it('a server that redirects: the key does not follow', async () => {
    const seen: string[] = [];
    const thief = createServer((request, response) => {
      seen.push(String(request.headers.authorization));
      response.end('{}');
    });
    await new Promise<void>((resolve) => thief.listen(0, '127.0.0.1', resolve));
    const target = `http://127.0.0.1:${(thief.address() as AddressInfo).port}/`;
    const redirecting = createServer((_, response) => response.writeHead(307, { location: target }).end());
    await new Promise<void>((resolve) => redirecting.listen(0, '127.0.0.1', resolve));
    const baseUrl = `http://127.0.0.1:${(redirecting.address() as AddressInfo).port}/v1`;
    try {
      await rig.submit(rig.writeManifest(0, sampleEngine(baseUrl, keyed), [sampleTasks(1)]));
      await waitFor(async () => (await rig.status()).status === 'failed');
      expect((await rig.status()).message).toContain(`redirects to ${target}`);
      expect(seen).toEqual([]);
    } finally {
      for (const server of [thief, redirecting]) server.close().closeAllConnections();
    }
  });
});
