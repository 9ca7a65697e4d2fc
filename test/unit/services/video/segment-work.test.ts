import { describe, expect, it } from 'vitest';
import { fatalWorkerError } from '../../../../src/services/video/segment-work.ts';
import { workerStatus } from '../../../support/sample-worker-status.ts';

describe('a worker that has failed for good', () => {
  it.each([
    {
      code: 'runtime-missing',
      host: 'gpu1',
      expected: 'prerequisite-missing',
      nextStep: /host prepare gpu1/,
    },
    {
      code: 'runtime-missing',
      host: 'local',
      expected: 'prerequisite-missing',
      nextStep: /Nothing finished/,
    },
    { code: 'model-unreadable', host: 'gpu1', expected: 'model-unreadable', nextStep: /Nothing finished/ },
    { code: 'engine-failed', host: 'gpu1', expected: 'worker-failed', nextStep: /Nothing finished/ },
  ] as const)('$code on $host', ({ code, host, expected, nextStep }) => {
    const status = workerStatus({ status: 'failed', is_fatal: true, code, message: 'Whatever it says.' });
    const error = fatalWorkerError(status, { settings: { host }, model: null });
    expect(error).toMatchObject({ code: expected, message: 'Whatever it says.' });
    expect(error.nextStep).toMatch(nextStep);
  });
});
