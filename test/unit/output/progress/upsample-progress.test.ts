import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { UpsampleEvent } from '../../../../src/core/upsample/upsample-event.ts';
import { lineDisplay } from '../../../../src/output/progress/display.ts';
import { standingText, UpsampleProgress } from '../../../../src/output/progress/upsample-progress.ts';
import type { UpsampleObserver } from '../../../../src/ports/run-observer.ts';
import { workerStatus } from '../../../support/sample-worker-status.ts';

describe('UpsampleProgress as lines', () => {
  it.each([
    { rule: 'counts one spec as one', run: { total: 1, settled: 0 }, expected: 'run r: 1 spec' },
    {
      rule: 'says what was done earlier',
      run: { total: 31, settled: 4 },
      expected: 'run r: 31 specs, 4 of them finished or skipped earlier',
    },
    {
      rule: 'names the engine',
      run: { total: 2, settled: 0, engine: 'openai, org/model' },
      expected: 'run r: 2 specs; engine: openai, org/model',
    },
  ])('$rule', ({ run, expected }) => {
    const { lines, progress } = listen();
    progress.onBegin({ runId: 'r', concurrency: 4, ...run });
    expect(lines).toEqual([expected]);
  });

  it('tells five failures and then only counts', () => {
    const { lines, progress } = listen();
    for (let index = 0; index < 14; index++) progress.onEvent(failed(index));
    expect(lines).toHaveLength(6);
    expect(lines[0]).toBe('failed: 0.json: spec-invalid: line 3: no comma.');
    expect(lines[5]).toMatch(/counted/);
  });

  it('says once when the host goes, and when it is back', () => {
    const { lines, progress } = listen();
    for (let seq = 0; seq < 3; seq++) progress.onEvent(hostEvent(seq, 'host-unreachable'));
    for (let seq = 3; seq < 5; seq++) progress.onEvent(hostEvent(seq, 'host-reachable'));
    expect(lines).toEqual([
      expect.stringMatching(
        /^gpu1 unreachable since \d\d:\d\d:\d\d — its work keeps running; trying again \(read ECONNRESET\)$/,
      ),
      'gpu1 reachable again',
    ]);
  });

  it('tells no time that is left while the host is away', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'performance'] });
    onTestFinished(() => void vi.useRealTimers());
    const { lines, progress } = listen();
    progress.onBegin({ runId: 'r', total: 100, settled: 0, concurrency: 1 });
    progress.onTaskStarted('a');
    vi.advanceTimersByTime(10_000);
    for (let seq = 0; seq < 20; seq++) progress.onEvent(finished(seq));
    vi.advanceTimersByTime(10_000);
    progress.onEvent(hostEvent(20, 'host-unreachable'));
    vi.advanceTimersByTime(10_000);
    progress.onEvent(hostEvent(21, 'host-reachable'));
    vi.advanceTimersByTime(10_000);
    const paces = lines.filter((line) => line.includes('to go'));
    expect(paces[1]).toMatch(/to go, about .* left$/);
    expect(paces[2]).toMatch(/^20 done, 80 to go, gpu1 unreachable since [\d:]+$/);
    expect(paces[3]).toMatch(/to go, about .* left$/);
  });

  it('says when the server goes and when it is back', () => {
    const { lines, progress } = listen();
    progress.onWorkerStatus(workerStatus({ message: 'No connection.' }));
    progress.onWorkerStatus(workerStatus({ message: 'No connection.' }));
    progress.onWorkerStatus(workerStatus({ message: null }));
    expect(lines).toEqual(['waiting: No connection.', expect.stringMatching(/^resumed after \d s/)]);
  });
});

describe('standingText', () => {
  it.each([
    { settled: 14, failed: 13, total: 31, expected: '1 done, 13 failed, 17 to go' },
    { settled: 0, failed: 0, total: 1200, expected: '0 done, 1,200 to go' },
    { settled: 31, failed: 0, total: 31, expected: '31 done' },
  ])('$expected', ({ expected, ...pace }) => expect(standingText(pace)).toBe(expected));
});

function listen() {
  const lines: string[] = [];
  const progress: UpsampleObserver = new UpsampleProgress(lineDisplay((line) => lines.push(line)));
  onTestFinished(() => progress.onEnd());
  return { lines, progress };
}

function failed(index: number): UpsampleEvent {
  return {
    version: 1,
    seq: index,
    time: '2026-03-01T10:15:00.000Z',
    type: 'task-failed',
    spec: `${index}.json`,
    task_key: null,
    attempts: 0,
    code: 'spec-invalid',
    message: `${index}.json:3: no comma.`,
    next_step: 'Correct the file.',
  };
}

function hostEvent(seq: number, type: 'host-unreachable' | 'host-reachable'): UpsampleEvent {
  const known = { version: 1, seq, time: '2026-03-01T10:15:00.000Z', host: 'gpu1' } as const;
  return type === 'host-reachable' ? { ...known, type } : { ...known, type, message: 'read ECONNRESET' };
}

function finished(seq: number): UpsampleEvent {
  return {
    version: 1,
    seq,
    time: '2026-03-01T10:15:00.000Z',
    type: 'task-finished',
    spec: `${seq}.json`,
    task_key: 'k',
    output: 'out.json',
    is_reused: false,
    frames_used: 2,
    model: 'm',
    actual_prompt: null,
    actual_output: null,
    attempts: 1,
    duration_ms: 1,
  };
}
