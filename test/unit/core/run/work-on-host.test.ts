import { expect, it } from 'vitest';
import { givenTasks, workOnHost } from '../../../../src/core/run/work-on-host.ts';
import type { UpsampleEvent, UpsampleEventBody } from '../../../../src/core/upsample/upsample-event.ts';
import { upsampleKind } from '../../../../src/services/upsample/upsample-kind.ts';

const begun: UpsampleEventBody = { type: 'run-started', run_id: 'r', total: 9, is_resumed: false };
const gone: UpsampleEventBody = { type: 'host-unreachable', host: 'gpu1', message: 'no route' };
const back: UpsampleEventBody = { type: 'host-reachable', host: 'gpu1' };
const submitted = (tasks: number): UpsampleEventBody => ({
  type: 'batch-submitted',
  batch_id: 0,
  worker_id: 0,
  tasks,
});
const failed = (attempts: number): UpsampleEventBody => ({
  type: 'task-failed',
  spec: 'a.json',
  task_key: 'k',
  attempts,
  code: 'c',
  message: 'm',
  next_step: 'h',
});

it.each<{ rule: string; bodies: UpsampleEventBody[]; open: number; since: number | null }>([
  { rule: 'nothing was submitted', bodies: [begun], open: 0, since: null },
  { rule: 'answers count off', bodies: [begun, submitted(5), failed(1), submitted(2)], open: 6, since: null },
  {
    rule: 'failures without an attempt do not',
    bodies: [begun, submitted(5), failed(0)],
    open: 5,
    since: null,
  },
  {
    rule: 'what a session submits once more is not added up',
    bodies: [begun, submitted(5), failed(1), begun, submitted(4)],
    open: 4,
    since: null,
  },
  {
    rule: 'what an earlier session submitted is still there',
    bodies: [begun, submitted(5), begun, gone],
    open: 5,
    since: 3,
  },
  { rule: 'the first loss counts', bodies: [begun, gone, gone], open: 0, since: 1 },
  { rule: 'a host that came back is not away', bodies: [begun, gone, back], open: 0, since: null },
  {
    rule: 'a loss of an earlier session is none of this one',
    bodies: [begun, gone, begun],
    open: 0,
    since: null,
  },
])('$rule', ({ bodies, open, since }) => {
  const events = bodies.map((body, seq): UpsampleEvent => ({ version: 1, seq, time: timeOf(seq), ...body }));
  expect(workOnHost(events, (event) => upsampleKind.isAnswerFromHost(event))).toEqual({
    openTasks: open,
    unreachableSince: since === null ? null : timeOf(since),
  });
});

function timeOf(seq: number): string {
  return `2026-03-01T10:15:${String(seq).padStart(2, '0')}.000Z`;
}

it('knows which machine was given what, until it is answered', () => {
  const assigned = (key: string, machine: string) => ({ type: 'task-assigned', task_key: key, machine });
  const given = givenTasks([
    { type: 'run-started' },
    assigned('one', 'a'),
    assigned('two', 'a'),
    assigned('two', 'b'),
    assigned('three', 'b'),
    { type: 'task-answered', task_key: 'two', machine: 'b' } as { type: string },
  ]);
  expect(given).toEqual(
    new Map([
      ['a', new Set(['one'])],
      ['b', new Set(['three'])],
    ]),
  );
});
