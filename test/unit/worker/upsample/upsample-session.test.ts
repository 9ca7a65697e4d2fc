import { beforeEach, describe, expect, it } from 'vitest';
import { AnswerIndex } from '../../../../src/core/upsample/answer-index.ts';
import { AppError } from '../../../../src/errors/app-error.ts';
import { EngineError } from '../../../../src/worker/tasks/engine-error.ts';
import type { Engine, UpsampleAnswer } from '../../../../src/worker/upsample/engine.ts';
import { UpsampleEngineSession } from '../../../../src/worker/upsample/upsample-session.ts';
import { ManualClock, settle } from '../../../support/manual-clock.ts';
import { sampleEngine, sampleTask } from '../../../support/sample-work.ts';

type Step = Partial<UpsampleAnswer> | Error;

let clock: ManualClock;
let answers: AnswerIndex;

beforeEach(() => {
  clock = new ManualClock();
  answers = new AnswerIndex();
});

/** An engine that goes through `steps`, and repeats the last one; attempts are noted. */
function scriptedEngine(steps: readonly Step[]) {
  const attempts: number[] = [];
  const engine: Engine = {
    start: async () => undefined,
    stop: async () => undefined,
    prepare: async () => async (attempt) => {
      attempts.push(attempt);
      const step = steps[Math.min(attempts.length, steps.length) - 1];
      if (step instanceof Error) throw step;
      return { ...goodAnswer(), ...step };
    },
  };
  return { engine, attempts };
}

function goodAnswer(): UpsampleAnswer {
  return {
    text: 'Rain falls on rusty pipes while two workers lift planks.',
    framesUsed: 0,
    model: 'm',
    promptTokens: 7,
    outputTokens: 9,
    finishReason: 'stop',
  };
}

function fault(errorClass: EngineError['class'], retryAfterMs?: number): EngineError {
  const after = retryAfterMs === undefined ? {} : { retryAfterMs };
  return new EngineError({ code: 'engine-failed', class: errorClass, message: errorClass, ...after });
}

const retry = { max_attempts: 3, base_delay_ms: 1_000, max_delay_ms: 8_000, max_outage_ms: 60_000 };

function start(steps: readonly Step[], task = sampleTask('A red car')) {
  const { engine, attempts } = scriptedEngine(steps);
  const tools = {
    clock,
    random01: () => 0.5,
    log: () => undefined,
    objectPathOf: (sha256: string) => sha256,
    answers,
  };
  const session = new UpsampleEngineSession(sampleEngine(null, { retry }), engine, tools);
  return { session, attempts, outcome: session.run(task) };
}

async function finish(steps: readonly Step[], task = sampleTask('A red car')) {
  const { outcome, attempts } = start(steps, task);
  await clock.advance(600_000);
  const settled = await outcome;
  return { attempts, outcome: settled, result: settled.isFatal ? null : settled.result };
}

describe('UpsampleEngineSession', () => {
  it('a good answer is a result with the numbers of the engine', async () => {
    const { result } = await finish([{ text: '"Rain falls on rusty pipes."' }]);
    expect(result).toMatchObject({
      status: 'ok',
      text: 'Rain falls on rusty pipes.',
      usage: { prompt_tokens: 7, completion_tokens: 9 },
      attempts: 1,
      error: null,
    });
  });

  it.each([
    {
      rule: 'transient failures are asked again up to max_attempts',
      steps: [fault('transient')],
      attempts: [1, 2, 3],
      status: 'failed',
      isRetryable: true,
    },
    {
      rule: 'and may end well',
      steps: [fault('transient'), {}],
      attempts: [1, 2],
      status: 'ok',
      isRetryable: undefined,
    },
    {
      rule: 'a bad answer counts as an attempt',
      steps: [{ text: '' }, {}],
      attempts: [1, 2],
      status: 'ok',
      isRetryable: undefined,
    },
    {
      rule: 'permanent failures are not asked again',
      steps: [fault('permanent')],
      attempts: [1],
      status: 'failed',
      isRetryable: false,
    },
    {
      rule: 'outages count for nothing',
      steps: [fault('outage'), fault('outage'), fault('outage'), fault('outage'), {}],
      attempts: [1, 1, 1, 1, 1],
      status: 'ok',
      isRetryable: undefined,
    },
    {
      rule: 'an endless outage ends the task, for now',
      steps: [fault('outage', 61_000)],
      attempts: [1],
      status: 'failed',
      isRetryable: true,
    },
    {
      rule: 'what was not foreseen is transient',
      steps: [new TypeError('oops'), {}],
      attempts: [1, 2],
      status: 'ok',
      isRetryable: undefined,
    },
    {
      rule: 'a damaged hint is permanent',
      steps: [new AppError({ code: 'video-unreadable', message: 'x' })],
      attempts: [1],
      status: 'failed',
      isRetryable: false,
    },
    {
      rule: 'a hint that could not be read now is transient',
      steps: [new AppError({ code: 'hint-failed', message: 'x', isRetryable: true }), {}],
      attempts: [1, 2],
      status: 'ok',
      isRetryable: undefined,
    },
  ])('$rule', async ({ steps, attempts, status, isRetryable }) => {
    const run = await finish(steps);
    expect(run.attempts).toEqual(attempts);
    expect(run.result?.status).toBe(status);
    expect(run.result?.error?.is_retryable).toBe(isRetryable);
  });

  it.each([
    { rule: 'a fatal failure', error: fault('fatal'), says: 'fatal' },
    {
      rule: 'a missing program',
      error: new AppError({ code: 'prerequisite-missing', message: 'No ffmpeg.', nextStep: 'Install it.' }),
      says: 'No ffmpeg. Install it.',
    },
  ])('$rule gives no result', async ({ error, says }) => {
    const { outcome } = await finish([error]);
    expect(outcome).toMatchObject({ isFatal: true, error: { message: says } });
  });

  it('waits between attempts, longer each time, and at least as long as the engine asks', async () => {
    const { attempts } = start([fault('transient'), fault('transient', 5_000), {}]);
    await clock.advance(499);
    expect(attempts.length).toBe(1);
    await clock.advance(1);
    expect(attempts.length).toBe(2);
    await clock.advance(4_999);
    expect(attempts.length).toBe(2);
    await clock.advance(1);
    expect(attempts.length).toBe(3);
  });

  it('frames that the engine ignored make a failure that is not asked again', async () => {
    const hint = { sha256: 'h', width: 2, height: 2, frames: 2 };
    const { result, attempts } = await finish([{ framesUsed: 0 }], sampleTask('A red car', hint));
    expect([result?.error?.code, attempts]).toEqual(['no-frames', [1]]);
  });

  it('the text of another task is a failure that names it; the same input may have the same text', async () => {
    const first = sampleTask('A red car');
    await finish([{}], first);
    const other = await finish([{}], sampleTask('A blue boat'));
    expect(other.result?.error).toMatchObject({
      code: 'output-repeated',
      message: expect.stringContaining(first.task_key),
    });
    const same = { ...sampleTask('x'), prompt: 'a red car!' };
    expect((await finish([{}], same)).result?.status).toBe('ok');
  });

  it('stopped while it waits, it rejects and leaves no trace', async () => {
    const { session, outcome } = start([fault('transient')]);
    const rejected = expect(outcome).rejects.toThrow('takes no more tasks');
    await settle();
    session.stop();
    await rejected;
    expect(clock.sleeping).toBe(0);
  });
});
