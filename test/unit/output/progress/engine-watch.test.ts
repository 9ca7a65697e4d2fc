import { describe, expect, it } from 'vitest';
import { EngineWatch } from '../../../../src/output/progress/run-progress.ts';
import { workerStatus } from '../../../support/sample-worker-status.ts';

const away = 'No connection to the server: connect ECONNREFUSED.';

describe('EngineWatch', () => {
  it('says once that a worker waits, and once that it goes on', () => {
    const watch = new EngineWatch();
    const lines = [
      watch.apply(workerStatus({ message: null }), 0),
      watch.apply(workerStatus({ message: away }), 1_000),
      watch.apply(workerStatus({ message: away }), 5_000),
      watch.apply(workerStatus({ message: null }), 13_400),
      watch.apply(workerStatus({ message: null }), 14_000),
    ];
    expect(lines).toEqual([null, `waiting: ${away}`, null, 'resumed after 12 s of waiting', null]);
  });

  it.each(['failed', 'stopped'] as const)('says nothing of resuming when the worker %s', (status) => {
    const watch = new EngineWatch();
    watch.apply(workerStatus({ message: away }), 0);
    expect(watch.apply(workerStatus({ status, message: away }), 2_000)).toBeNull();
    expect(watch.note(3_000)).toBe('');
    expect(watch.waitReason).toBeNull();
  });

  it.each([
    { rule: 'nothing before a worker spoke', statuses: [], expected: '' },
    {
      rule: 'how long it loads',
      statuses: [workerStatus({ status: 'loading' })],
      expected: 'engine loading 7 s',
    },
    { rule: 'nothing while it works', statuses: [workerStatus({})], expected: '' },
    {
      rule: 'how long it waits',
      statuses: [workerStatus({ message: away })],
      expected: 'waiting for 7 s',
    },
    {
      rule: 'that it waits rather than that it loads',
      statuses: [workerStatus({ status: 'loading', message: away })],
      expected: 'waiting for 7 s',
    },
    {
      rule: 'nothing of loading while another works',
      statuses: [workerStatus({ status: 'loading' }), workerStatus({ worker_id: 1 })],
      expected: '',
    },
  ])('notes $rule', ({ statuses, expected }) => {
    const watch = new EngineWatch();
    for (const status of statuses) watch.apply(status, 1_000);
    expect(watch.note(8_000)).toBe(expected);
  });

  it.each(['loading', 'idle', 'processing'] as const)(
    'takes a server that loads for no trouble: %s',
    (status) => {
      const watch = new EngineWatch();
      const message = 'loading org/model: 37 s of about 95 s';
      expect(watch.apply(workerStatus({ status, message }), 0)).toBeNull();
      expect(watch.waitReason).toBeNull();
      expect(watch.note(7_000)).toBe(message);
      expect(watch.apply(workerStatus({ message: null }), 8_000)).toBeNull();
      expect(watch.note(8_000)).toBe('');
    },
  );

  it('goes on only when no worker waits any more', () => {
    const watch = new EngineWatch();
    watch.apply(workerStatus({ message: away }), 0);
    expect(watch.apply(workerStatus({ worker_id: 1, message: away }), 1_000)).toBeNull();
    expect(watch.apply(workerStatus({ message: null }), 2_000)).toBeNull();
    expect(watch.apply(workerStatus({ worker_id: 1, message: null }), 3_000)).toContain('resumed after 3 s');
  });

  it('shows what a server says without its control characters', () => {
    const watch = new EngineWatch();
    expect(watch.apply(workerStatus({ message: 'gone\x1b[2J\nfor good' }), 0)).toBe(
      'waiting: gone\\u001b[2J\\nfor good',
    );
  });
});
