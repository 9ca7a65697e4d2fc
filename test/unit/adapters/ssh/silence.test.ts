import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { PromptTracker } from '../../../../src/adapters/ssh/prompt-tracker.ts';
import { type LinkState, Reachability } from '../../../../src/adapters/ssh/reachability.ts';
import { watchSilence } from '../../../../src/adapters/ssh/transport.ts';
import { armDeadline, withDeadline } from '../../../../src/async/deadline.ts';
import { RetryWindow } from '../../../../src/async/retry-window.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('silence on a connection', () => {
  it('is noticed after 15 s, and suspicious before', () => {
    const onSilent = vi.fn();
    const watch = watchSilence(() => 7, 5_000, onSilent);
    vi.advanceTimersByTime(9_000);
    expect(watch.isSuspicious()).toBe(false);
    vi.advanceTimersByTime(2_000);
    expect(watch.isSuspicious()).toBe(true);
    expect(onSilent).not.toHaveBeenCalled();
    vi.advanceTimersByTime(5_000);
    expect(onSilent).toHaveBeenCalledExactlyOnceWith(15);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('ends with every byte', () => {
    const onSilent = vi.fn();
    let bytes = 0;
    const watch = watchSilence(() => bytes, 5_000, onSilent);
    for (let byte = 1; byte < 10; byte++) {
      vi.advanceTimersByTime(12_000);
      bytes = byte;
    }
    expect(onSilent).not.toHaveBeenCalled();
    watch.stop();
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('deadlines', () => {
  it('abort the work and say what did not happen', async () => {
    const work = vi.fn(() => new Promise(() => {}));
    const waiting = withDeadline(3_000, 'no answer', work);
    const outcome = expect(waiting).rejects.toMatchObject({
      message: 'no answer within 3 s',
      code: 'ETIMEDOUT',
    });
    await vi.advanceTimersByTimeAsync(3_000);
    await outcome;
    expect(vi.getTimerCount()).toBe(0);
  });

  it('end with the caller’s signal, and leave no timer', async () => {
    const controller = new AbortController();
    const waiting = withDeadline(3_000, 'no answer', () => new Promise(() => {}), controller.signal);
    controller.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
    expect(vi.getTimerCount()).toBe(0);
  });

  it('wait for a person who types', async () => {
    const prompts = new PromptTracker();
    const onExpired = vi.fn();
    armDeadline(1_000, () => prompts.wasPromptingWithin(1_000), onExpired);
    const typed = Promise.withResolvers<void>();
    const asking = prompts.during(() => typed.promise);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(onExpired).not.toHaveBeenCalled();
    typed.resolve();
    await asking;
    await vi.advanceTimersByTimeAsync(999);
    expect(onExpired).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1_001);
    expect(onExpired).toHaveBeenCalledOnce();
  });
});

it('a retry window runs from the first failure, and starts again with progress', () => {
  const window = new RetryWindow(() => 1_000);
  vi.advanceTimersByTime(5_000);
  expect(window.leftMs).toBe(1_000);
  window.begin();
  vi.advanceTimersByTime(600);
  window.begin();
  expect(window.leftMs).toBe(400);
  window.reset();
  expect(window.leftMs).toBe(1_000);
});

describe('reachability', () => {
  it('notifies of changes only', () => {
    const reachability = new Reachability();
    const notified: LinkState[] = [];
    const stop = reachability.onChange((state) => notified.push(state));
    reachability.reached();
    reachability.reached();
    reachability.failed('refused');
    reachability.failed('refused');
    stop();
    reachability.reached();
    expect(notified).toEqual([
      { isReachable: true, message: null },
      { isReachable: false, message: 'refused' },
    ]);
    expect(reachability.state.isReachable).toBe(true);
    expect(reachability.wasReached).toBe(true);
  });
});
