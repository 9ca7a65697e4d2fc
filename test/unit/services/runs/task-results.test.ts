import { describe, expect, it } from 'vitest';
import { AppError } from '../../../../src/errors/app-error.ts';
import type { HostRun } from '../../../../src/ports/host.ts';
import { TaskResults } from '../../../../src/services/runs/task-results.ts';
import { okResult } from '../../../support/memory-host.ts';

const lost = new AppError({ code: 'worker-failed', message: 'The file is gone.' });

/** Accepts one good result whose output is brought home by `settle`, and tells what was asked of the host after that. */
async function accepted(settle: (stop: AbortController) => Promise<never>) {
  const stop = new AbortController();
  const asked: string[] = [];
  const errors: unknown[] = [];
  const host = { forget: async (keys: readonly string[]) => void asked.push(`forget ${keys}`) };
  const deps = {
    run: { signal: stop.signal },
    work: { settlesInFlight: 2, settle: () => settle(stop) },
    onError: (error: unknown) => errors.push(error),
    repeat: async ({ taskKey }: { taskKey: string }) => void asked.push(`repeat ${taskKey}`),
  };
  const results = new TaskResults(deps as unknown as ConstructorParameters<typeof TaskResults>[0]);
  results.expect({ taskKey: 'a', batchId: 0 });
  await results.accept(okResult({ task_key: 'a' }, ''), false, host as unknown as HostRun);
  await results.allSettled();
  return { asked, errors };
}

describe('what a task made', () => {
  it('is made again where it is lost on the host', async () => {
    const { asked, errors } = await accepted(() => Promise.reject(lost));
    expect(asked).toEqual(['forget a', 'repeat a']);
    expect(errors).toEqual([]);
  });

  it('stays on the host when the run ends meanwhile, whatever it ends with', async () => {
    const { asked, errors } = await accepted(async (stop) => {
      stop.abort(new AppError({ code: 'worker-failed', message: 'Another task cannot be done.' }));
      throw stop.signal.reason;
    });
    expect(asked).toEqual([]);
    expect(errors).toHaveLength(1);
  });
});

describe('results that are waited for', () => {
  it('keep further tasks waiting once there are too many, until one comes or the run ends', async () => {
    const deps = {
      run: {},
      work: { settlesInFlight: 2, settle: () => Promise.reject(new Error('not asked of it')) },
      onError: () => undefined,
    };
    const results = new TaskResults(deps as unknown as ConstructorParameters<typeof TaskResults>[0]);
    const left = new AbortController();
    const done: string[] = [];
    const room = async (name: string) => {
      await results.room(2, [new AbortController().signal, left.signal]);
      done.push(name);
    };
    results.expect({ taskKey: 'a', batchId: 0 });
    await room('one waits');
    results.expect({ taskKey: 'b', batchId: 0 });
    const second = room('one has come');
    await new Promise(setImmediate);
    expect(done).toEqual(['one waits']);
    await results.accept(okResult({ task_key: 'a' }, ''), false, null);
    await second;
    results.expect({ taskKey: 'c', batchId: 0 });
    const third = room('the user leaves');
    await new Promise(setImmediate);
    expect(done).toEqual(['one waits', 'one has come']);
    left.abort();
    await third;
    expect(done).toEqual(['one waits', 'one has come', 'the user leaves']);
  });
});
