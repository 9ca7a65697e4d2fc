import { describe, expect, it } from 'vitest';
import { readWorkerEvent } from '../../../src/adapters/host-run/read-worker-event.ts';
import { okResult } from '../../support/memory-host.ts';

const key = 'a'.repeat(64);
const result = okResult({ task_key: key }, 'A long text.');
const line = (event: unknown) => Buffer.from(JSON.stringify(event));

describe('an event of a worker', () => {
  it('is read where it is as workers write it', () => {
    const event = { type: 'task-finished', result };
    expect(readWorkerEvent(line(event))).toEqual(event);
    expect(readWorkerEvent(line({ type: 'task-started', task_key: key }))).toMatchObject({ task_key: key });
  });

  it('is a failure where its result is not UTF-8, or has impossible facts: nothing else would come', () => {
    const [before, after] = JSON.stringify({ type: 'task-finished', result }).split('long');
    const broken = Buffer.concat([
      Buffer.from(before ?? ''),
      Buffer.from([0xff, 0xc0]),
      Buffer.from(after ?? ''),
    ]);
    const error = { code: 'result-implausible', message: 'The result is not valid UTF-8.' };
    expect(readWorkerEvent(broken)).toMatchObject({ result: { task_key: key, status: 'failed', error } });
    for (const facts of [{ attempts: -1 }, { duration_ms: 'x' }, { text: 7 }, { usage: null }])
      expect(readWorkerEvent(line({ type: 'task-finished', result: { ...result, ...facts } }))).toMatchObject(
        {
          result: { status: 'failed', error: { code: 'result-implausible' } },
        },
      );
  });

  it('of another version or of nobody is none', () => {
    for (const event of [
      { type: 'news' },
      { type: 'task-finished', result: { ...result, version: 2 } },
      'text',
    ])
      expect(readWorkerEvent(line(event))).toBeNull();
    expect(readWorkerEvent(Buffer.from([0xff]))).toBeNull();
  });
});
