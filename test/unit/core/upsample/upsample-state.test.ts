import { describe, expect, it } from 'vitest';
import type { UpsampleEventBody } from '../../../../src/core/upsample/upsample-event.ts';
import type { PlannedSpec } from '../../../../src/core/upsample/upsample-plan.ts';
import { UpsampleState } from '../../../../src/core/upsample/upsample-state.ts';

function planned(spec: string, action: PlannedSpec['action'] = 'hint'): PlannedSpec {
  const nothing = { sha256: null, video: null, hint: null, tokens: null, failure: null, batch_id: null };
  return { spec, name: spec, action, ...nothing };
}

function finished(spec: string, isReused = false): UpsampleEventBody {
  return {
    type: 'task-finished',
    spec,
    task_key: `key of ${spec}`,
    output: `out/${spec}`,
    is_reused: isReused,
    frames_used: 2,
    model: 'm',
    actual_prompt: null,
    actual_output: null,
    attempts: 1,
    duration_ms: 5,
  };
}

function failed(spec: string, code = 'output-empty'): UpsampleEventBody {
  return { type: 'task-failed', spec, task_key: null, attempts: 1, code, message: 'm', next_step: 'h' };
}

function fold(
  events: readonly UpsampleEventBody[],
  specs = ['a', 'b', 'c'].map((name) => planned(name)),
): UpsampleState {
  const state = new UpsampleState(specs);
  for (const event of events) state.apply(event);
  return state;
}

it('the time at work is that of all sessions, without the pauses between them', () => {
  const state = new UpsampleState([planned('a')]);
  const at = (time: string) => ({ time: `2026-01-10T09:${time}.000Z` });
  const started = { type: 'run-started', run_id: 'r', total: 1, is_resumed: false } as const;
  const counts = { total: 1, upsampled: 0, reused: 0, skipped: 0, failed: 0 };
  const ended = { type: 'run-finished', status: 'failed', counts } as const;
  state.apply({ ...started, ...at('30:00') });
  state.apply({ ...ended, ...at('30:10') });
  // Killed at 41:05.
  state.apply({ ...started, ...at('41:00') });
  state.apply({ ...failed('a'), ...at('41:05') });
  state.apply({ ...started, ...at('55:00') });
  state.apply({ ...finished('a'), ...at('55:02') });
  expect(state.workedMs).toBe(17_000);
  // A session that finds nothing to do is no work.
  state.apply({ ...ended, status: 'complete', ...at('55:02') });
  state.apply({ ...started, ...at('57:00') });
  state.apply({ ...ended, status: 'complete', ...at('57:09') });
  expect(state.workedMs).toBe(17_000);
});

describe('RunState counts', () => {
  it.each([
    { rule: 'nothing at first', events: [], upsampled: 0, reused: 0, failed: 0, pending: 3 },
    {
      rule: 'finished specs',
      events: [finished('a'), finished('b')],
      upsampled: 2,
      reused: 0,
      failed: 0,
      pending: 1,
    },
    {
      rule: 'reused ones apart',
      events: [finished('a', true)],
      upsampled: 0,
      reused: 1,
      failed: 0,
      pending: 2,
    },
    { rule: 'failed ones', events: [failed('a')], upsampled: 0, reused: 0, failed: 1, pending: 2 },
    {
      rule: 'a second success once',
      events: [finished('a'), finished('a')],
      upsampled: 1,
      reused: 0,
      failed: 0,
      pending: 2,
    },
    {
      rule: 'a second failure once',
      events: [failed('a'), failed('a')],
      upsampled: 0,
      reused: 0,
      failed: 1,
      pending: 2,
    },
    {
      rule: 'a success after a failure',
      events: [failed('a'), finished('a')],
      upsampled: 1,
      reused: 0,
      failed: 0,
      pending: 2,
    },
    {
      rule: 'no failure after a success',
      events: [finished('a'), failed('a')],
      upsampled: 1,
      reused: 0,
      failed: 0,
      pending: 2,
    },
    {
      rule: 'no stranger',
      events: [finished('x'), failed('y')],
      upsampled: 0,
      reused: 0,
      failed: 0,
      pending: 3,
    },
  ])('$rule', ({ events, pending, upsampled, reused, failed: failures }) => {
    const state = fold(events);
    expect(state.counts).toEqual({ total: 3, upsampled, reused, skipped: 0, failed: failures });
    expect(state.pendingCount).toBe(pending);
  });

  it('skipped specs as settled from the beginning', () => {
    const state = fold([], [planned('a', 'skip'), planned('b')]);
    expect(state.counts).toEqual({ total: 2, upsampled: 0, reused: 0, skipped: 1, failed: 0 });
    expect([state.isSettled('a'), state.isSettled('b'), state.pendingCount]).toEqual([true, false, 1]);
  });
});

describe('RunState', () => {
  it('does not take objects own keys for specs', () => {
    expect(fold([finished('__proto__'), finished('constructor')]).counts.upsampled).toBe(0);
  });

  it('reopens what failed, and only that', () => {
    const state = fold([failed('a'), finished('b')]);
    for (const spec of ['a', 'b', 'c', 'x']) state.reopen(spec);
    expect([state.isSettled('a'), state.isSettled('b')]).toEqual([false, true]);
    expect(state.counts).toMatchObject({ upsampled: 1, failed: 0 });
    expect(state.pendingCount).toBe(2);
  });

  it('remembers the last failure and the last preparation', () => {
    const prepare = (task_key: string) =>
      ({ type: 'task-prepared', spec: 'a', task_key, hint: null }) as const;
    const state = fold([
      prepare('k1'),
      failed('a', 'output-empty'),
      prepare('k2'),
      failed('a', 'output-copied'),
    ]);
    expect(state.specs.get('a')?.prepared?.task_key).toBe('k2');
    expect(state.specs.get('a')?.failed?.code).toBe('output-copied');
  });

  it('knows how the run ended, until it begins again', () => {
    const end = { type: 'run-finished', status: 'partial', counts: fold([]).counts } as const;
    const begin = { type: 'run-started', run_id: 'r', total: 3, is_resumed: true } as const;
    expect(fold([]).lastStatus).toBeNull();
    expect(fold([end]).lastStatus).toBe('partial');
    expect(fold([end, begin]).lastStatus).toBeNull();
  });
});
