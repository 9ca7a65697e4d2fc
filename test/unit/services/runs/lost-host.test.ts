import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { UpsampleEvent } from '../../../../src/core/upsample/upsample-event.ts';
import { partialObserver } from '../../../../src/output/progress/observers.ts';
import { cancelRun } from '../../../../src/services/runs/cancel-run.ts';
import { listRuns } from '../../../../src/services/runs/list-runs.ts';
import { batchUpsample } from '../../../../src/services/upsample/batch-upsample.ts';
import { MemoryHost } from '../../../support/memory-host.ts';
import { unreachableError } from '../../../support/memory-upkeep.ts';
import { sampleSpec, writeSpecs } from '../../../support/spec-builder.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';
import { createTestPorts, silent, testRunSettings } from '../../../support/test-ports.ts';
import { kinds, resumeUpsample } from '../../../support/upsample-runs.ts';

const never = new AbortController().signal;

async function newScene() {
  const folder = await temporaryFolder();
  const specs = Array.from({ length: 6 }, (_, index) => {
    const spec = sampleSpec({ prompt: `A lighthouse number ${index}`, input_video_path: '' });
    return [`${index}.json`, spec] as const;
  });
  await writeSpecs(join(folder, 'in'), Object.fromEntries(specs));
  const host = new MemoryHost();
  const ports = createTestPorts(folder, host);
  const settings = testRunSettings(folder, { upsampling: { batch_size: 3 } }, { host: 'gpu1' });
  return { host, ports, request: { inputs: ['in'], settings, excluded: [] } };
}

it('a host that is lost half-way ends the run as left, not as failed, and attaching completes it', async () => {
  const { host, ports, request } = await newScene();
  host.answersUntilLoss = 2;
  const events: UpsampleEvent[] = [];
  const observer = partialObserver({ onEvent: (event) => void events.push(event) });
  const { summary, error } = await batchUpsample(request, ports, observer, never);
  expect(summary).toMatchObject({ status: 'detached', counts: { total: 6, upsampled: 2, failed: 0 } });
  expect(error).toMatchObject({ code: 'host-unreachable', exitCode: 4 });
  expect(error?.message).toMatch(
    /^gpu1 is unreachable since \d\d:\d\d:\d\d: 2 of 6 specs are here, \d more are handed over and their work goes on/,
  );
  expect(error?.nextStep).toContain(`cosmos attach ${summary.run_id}`);
  expect(events.filter(({ type }) => type === 'task-failed')).toEqual([]);
  expect(events.at(-1)).toMatchObject({ type: 'run-finished', status: 'detached' });
  expect(await listRuns(kinds, ports)).toEqual([
    expect.objectContaining({ status: 'detached', host: 'gpu1' }),
  ]);

  host.answersUntilLoss = null;
  const resumed = { reference: 'latest', inputs: [], given: {}, baseUrl: null };
  const end = await resumeUpsample(resumed, ports, silent, never);
  expect(end).toMatchObject({ error: null, summary: { status: 'complete', counts: { upsampled: 6 } } });
  expect(new Set(host.asked).size).toBe(host.asked.length);
});

it('a host that is never reached ends the run with 4, and nothing is said to go on', async () => {
  const { host, ports, request } = await newScene();
  host.failure = unreachableError('connect ETIMEDOUT');
  const { summary, error } = await batchUpsample(request, ports, silent, never);
  expect(summary).toMatchObject({ status: 'failed', counts: { upsampled: 0, failed: 0 } });
  expect(error).toMatchObject({ code: 'host-unreachable', exitCode: 4 });
  expect(error?.message).toContain('nothing more is known to be handed over');
  await expect(cancelRun('latest', kinds, ports, () => undefined)).rejects.toMatchObject({
    code: 'host-unreachable',
  });
});
