import { describe, expect, it } from 'vitest';
import { MachineTimeline, machinesOf } from '../../../../src/core/run/machine-timeline.ts';
import type { Journaled, MachineEvent } from '../../../../src/core/run/run-status.ts';

type Body =
  | MachineEvent
  | { type: 'segment-finished'; task_key: string; segment_id: number; frames: number }
  | { type: 'run-started' };

/** Events, each at its second. */
function journal(...events: readonly (readonly [second: number, body: Body])[]): Journaled<Body>[] {
  return events.map(([second, body], seq) => ({
    version: 1,
    seq,
    time: new Date(1_000_000_000_000 + second * 1000).toISOString(),
    ...body,
  }));
}

const assigned = (task_key: string, machine: string, is_copy = false): Body => ({
  ...{ type: 'task-assigned', task_key, machine, is_copy },
});
const answered = (task_key: string, machine: string): Body => ({ type: 'task-answered', task_key, machine });
const finished = (task_key: string, segment_id: number): Body => ({
  ...{ type: 'segment-finished', task_key, segment_id, frames: 100 },
});
const changed = (
  machine: string,
  state: 'working' | 'unreachable' | 'ended',
  message: string | null,
): Body => ({
  ...{ type: 'machine-changed', machine, state, message },
});

describe('the machines of a run', () => {
  it('are none where a run had one machine', () => {
    expect(machinesOf(journal([0, { type: 'run-started' }], [1, finished('a', 0)]))).toBeNull();
  });

  it('have their tasks in time, and what was idle between them', () => {
    const [one, other] =
      machinesOf(
        journal(
          ...([
            [10, assigned('a', 'one')],
            [10, assigned('b', 'other')],
            [14, answered('a', 'one')],
            [14, finished('a', 0)],
            [15, assigned('c', 'one')],
            [20, answered('c', 'one')],
            [20, finished('c', 2)],
            [30, answered('b', 'other')],
          ] as const),
        ),
      ) ?? [];
    expect(one).toMatchObject({ machine: 'one', tasks: 2, frames: 200, busy_ms: 9_000, idle_ms: 11_000 });
    expect(one?.spans).toEqual([
      { task: 'segment 0', from_ms: 0, to_ms: 4_000, outcome: 'counted', is_copy: false },
      { task: 'segment 2', from_ms: 5_000, to_ms: 10_000, outcome: 'counted', is_copy: false },
    ]);
    expect(other).toMatchObject({ tasks: 1, frames: 0, busy_ms: 20_000, idle_ms: 0, lost: 0 });
  });

  it('show a copy, and whose result counted', () => {
    const [slow, quick] =
      machinesOf(
        journal(
          ...([
            [0, assigned('a', 'slow')],
            [5, assigned('a', 'quick', true)],
            [8, answered('a', 'quick')],
          ] as const),
        ),
      ) ?? [];
    expect(slow).toMatchObject({ tasks: 0, copies: 0, lost: 1 });
    expect(slow?.spans).toMatchObject([{ outcome: 'lost', from_ms: 0, to_ms: 8_000 }]);
    expect(quick).toMatchObject({ tasks: 1, copies: 1, lost: 0 });
    expect(quick?.spans).toMatchObject([{ outcome: 'counted', is_copy: true }]);
  });

  it('lose what is given to another one, or when they end', () => {
    const events = journal(
      ...([
        [0, assigned('a', 'one')],
        [1, assigned('a', 'two')],
        [2, changed('two', 'ended', 'its worker ends each time')],
        [3, assigned('a', 'three')],
        [9, changed('three', 'unreachable', 'no answer')],
      ] as const),
    );
    expect(machinesOf(events)).toMatchObject([
      { machine: 'one', lost: 1 },
      { machine: 'two', lost: 1, state: 'ended', message: 'its worker ends each time' },
      { machine: 'three', lost: 0, state: 'unreachable', spans: [{ outcome: 'open' }] },
    ]);
  });

  it('are told while the run goes on, in memory that does not grow with tasks done', () => {
    const timeline = new MachineTimeline({ keepsSpans: false });
    const events = journal(
      [0, assigned('a', 'one')],
      [0, assigned('b', 'one')],
      [10, answered('a', 'one')],
      [10, finished('a', 0)],
    );
    for (const event of events) timeline.apply(event);
    expect(timeline.standings()).toEqual([
      { machine: 'one', state: 'working', message: null, tasks: 1, underWay: 1, framesPerSecond: 10 },
    ]);
    expect(timeline.report()?.[0]?.spans).toHaveLength(1);
  });

  it('list no tasks where there are too many to draw', () => {
    const events = Array.from({ length: 4_001 }, (_, at) => [
      [at, assigned(`${at}`, 'one')] as const,
      [at + 0.5, answered(`${at}`, 'one')] as const,
    ]).flat();
    expect(machinesOf(journal(...events))).toMatchObject([{ tasks: 4_001, spans: null, busy_ms: 2_000_500 }]);
  });
});
