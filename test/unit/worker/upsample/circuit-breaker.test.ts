import { beforeEach, describe, expect, it } from 'vitest';
import { EngineError } from '../../../../src/worker/tasks/engine-error.ts';
import { CircuitBreaker, type Pass } from '../../../../src/worker/upsample/circuit-breaker.ts';
import { ManualClock, settle } from '../../../support/manual-clock.ts';

const policy = { max_attempts: 3, base_delay_ms: 1_000, max_delay_ms: 8_000, max_outage_ms: 60_000 };
const never = new AbortController().signal;

let clock: ManualClock;
let breaker: CircuitBreaker;
let log: string[];

beforeEach(() => {
  clock = new ManualClock();
  log = [];
  breaker = new CircuitBreaker(
    policy,
    clock,
    () => 0.5,
    (line) => void log.push(line),
  );
});

function outage(retryAfterMs?: number): EngineError {
  const after = retryAfterMs === undefined ? {} : { retryAfterMs };
  return new EngineError({
    code: 'engine-unreachable',
    class: 'outage',
    message: 'The server is unreachable.',
    ...after,
  });
}

/** Enters so often, and notes who got in. */
function enterMany(count: number, signal = never) {
  const entered: Pass[] = [];
  const refused: unknown[] = [];
  for (let at = 0; at < count; at += 1) {
    breaker.enter(signal).then(
      (pass) => entered.push(pass),
      (error: unknown) => refused.push(error),
    );
  }
  return { entered, refused };
}

async function openOutage(): Promise<void> {
  breaker.failed(await breaker.enter(never), outage());
}

describe('CircuitBreaker', () => {
  it('lets all requests through while all is well', async () => {
    const { entered } = enterMany(3);
    await settle();
    expect(entered.map((pass) => pass.isProbe)).toEqual([false, false, false]);
    expect(breaker.waitReason).toBeNull();
  });

  it('lets one probe after the pause, and the others wait for its outcome', async () => {
    await openOutage();
    const { entered } = enterMany(4);
    await clock.advance(499);
    expect(entered).toEqual([]);
    await clock.advance(1);
    expect(entered.map((pass) => pass.isProbe)).toEqual([true]);
    await clock.advance(10_000);
    expect(entered.length).toBe(1);
    const [probe] = entered;
    if (probe) breaker.answered(probe);
    await settle();
    expect(entered.map((pass) => pass.isProbe)).toEqual([true, false, false, false]);
    expect(breaker.waitReason).toBeNull();
  });

  it('pauses longer after each probe that fails', async () => {
    await openOutage();
    const { entered } = enterMany(3);
    for (const pauseMs of [500, 1_000, 2_000]) {
      await clock.advance(pauseMs - 1);
      const before = entered.length;
      await clock.advance(1);
      expect(entered.length).toBe(before + 1);
      const probe = entered.at(-1);
      if (probe) breaker.failed(probe, outage());
    }
  });

  it('takes Retry-After as a minimum', async () => {
    breaker.failed(await breaker.enter(never), outage(20_000));
    const { entered } = enterMany(1);
    await clock.advance(19_999);
    expect(entered).toEqual([]);
    await clock.advance(1);
    expect(entered.length).toBe(1);
  });

  it('gives up at once, and says why, when it is to wait for longer than it may', async () => {
    breaker.failed(await breaker.enter(never), outage(86_400_000));
    await expect(breaker.enter(never)).rejects.toThrow(
      /asks to wait for 86400 s, and retry.max_outage_s allows/,
    );
  });

  it('counts failures of requests from before the outage only once', async () => {
    const passes = await Promise.all([breaker.enter(never), breaker.enter(never), breaker.enter(never)]);
    for (const pass of passes) breaker.failed(pass, outage());
    const { entered } = enterMany(1);
    await clock.advance(500);
    expect(entered.length).toBe(1);
  });

  it('is not opened by an answer to a request from before the outage', async () => {
    const early = await breaker.enter(never);
    await openOutage();
    breaker.answered(early);
    const { entered } = enterMany(1);
    await settle();
    expect(entered).toEqual([]);
  });

  it('gives the probe to the next one when the prober is stopped', async () => {
    await openOutage();
    const stop = new AbortController();
    const first = enterMany(1, stop.signal);
    const second = enterMany(1);
    await settle();
    stop.abort(new Error('stopped'));
    await clock.advance(500);
    expect(first.refused).toEqual([stop.signal.reason]);
    expect(second.entered.length).toBe(1);
  });

  it('refuses all requests at once after the longest outage, and says why', async () => {
    let asked = 0;
    const askUntilRefused = async () => {
      for (;;) {
        const pass = await breaker.enter(never);
        asked += 1;
        breaker.failed(pass, outage());
      }
    };
    const refusals = Promise.allSettled([1, 2, 3, 4, 5].map(askUntilRefused));
    await clock.advance(59_999);
    // Pauses of 0.5, 1, 2 and then 4 s make 17 probes; the fifth client needed none of its own.
    expect(asked).toBeLessThanOrEqual(18 + 4);
    await clock.advance(1);
    for (const refusal of await refusals) expect(refusal.status).toBe('rejected');
    const late = enterMany(2);
    await settle();
    expect(late.refused.length).toBe(2);
    expect(late.refused[0]).toMatchObject({
      code: 'engine-unreachable',
      message: expect.stringContaining('unreachable'),
    });
  });

  it('refuses at once when the engine asks for a longer wait than there is', async () => {
    breaker.failed(await breaker.enter(never), outage(61_000));
    await expect(breaker.enter(never)).rejects.toMatchObject({ code: 'engine-unreachable' });
  });

  it.each([
    { rule: 'a late answer', open: (early: Pass) => breaker.answered(early) },
    { rule: 'a reset', open: () => breaker.reset() },
  ])('$rule ends the refusal', async ({ open }) => {
    const early = await breaker.enter(never);
    breaker.failed(await breaker.enter(never), outage(61_000));
    open(early);
    await expect(breaker.enter(never)).resolves.toMatchObject({ isProbe: false });
  });
});

describe('the log of an outage', () => {
  it('says when it begins, when it ends, how long it was and how many waited, whatever their number', async () => {
    const passes = await Promise.all(Array.from({ length: 50 }, () => breaker.enter(never)));
    for (const pass of passes) breaker.failed(pass, outage());
    const { entered } = enterMany(50);
    await clock.advance(500);
    const [probe] = entered;
    if (!probe) throw new Error('no probe was let in');
    breaker.failed(probe, outage());
    const again = enterMany(1);
    await settle();
    await clock.advance(11_500);
    const [next] = again.entered;
    if (!next) throw new Error('no second probe was let in');
    breaker.answered(next);
    await settle();
    expect(log).toEqual([
      'The model server does not answer: The server is unreachable.',
      'The model server still does not answer; 50 requests were waiting.',
      'The model server answers again after 12 s; 50 requests were waiting.',
    ]);
  });

  it('says when the server is given up, once, and when it answers after all', async () => {
    const passes = await Promise.all(Array.from({ length: 3 }, () => breaker.enter(never)));
    for (const pass of passes) breaker.failed(pass, outage(120_000));
    expect(log).toEqual([
      'The model server does not answer: The server is unreachable.',
      'The model server is given up after 0 s; 1 request was waiting.',
    ]);
    const [late] = passes;
    if (late) breaker.answered(late);
    expect(log.at(-1)).toBe('The model server answers again.');
  });

  it('says nothing while all is well, and of a second outage again', async () => {
    breaker.answered(await breaker.enter(never));
    expect(log).toEqual([]);
    for (const seconds of [1, 2]) {
      await openOutage();
      const { entered } = enterMany(1);
      await clock.advance(500);
      const [probe] = entered;
      if (probe) breaker.answered(probe);
      expect(log).toHaveLength(2 * seconds);
    }
  });
});
