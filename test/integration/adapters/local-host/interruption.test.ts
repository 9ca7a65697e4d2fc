import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { partialObserver } from '../../../../src/output/progress/observers.ts';
import { listAllRuns } from '../../../../src/services/runs/list-runs.ts';
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
  const specs = Array.from({ length: 4 }, (_, at) => {
    return [`${at}.json`, sampleSpec({ prompt: `A mill number ${at}`, input_video_path: '' })] as const;
  });
  await writeSpecs(join(folder, 'in'), Object.fromEntries(specs));
  const host = new MemoryHost();
  const ports = createTestPorts(folder, host);
  const settings = testRunSettings(folder, { upsampling: { batch_size: 1 } });
  return { ports, request: { inputs: [join(folder, 'in')], settings, excluded: [] } };
}

describe('a run that is stopped', () => {
  it('while it plans leaves nothing', async () => {
    const { ports, request } = await newScene();
    const stop = new AbortController();
    const observer = partialObserver({ onPlanned: () => stop.abort(new Error('the user says stop')) });
    await expect(batchUpsample(request, ports, observer, stop.signal)).rejects.toThrow('the user says stop');
    expect(await ports.runs.list()).toEqual([]);
  });
});

describe('a run is not resumed', () => {
  it.each([
    { rule: 'with another setting', given: { batch_size: 7 }, named: 'upsampling.batch_size was 1, now 7' },
    {
      rule: 'with another engine',
      given: { engine: { kind: 'openai', base_url: 'http://127.0.0.1:1/v1' } },
      named: 'upsampling.engine.kind was "describe", now "openai".',
    },
  ])('$rule', async ({ given, named }) => {
    const { ports, request } = await newScene();
    const hosts = { memory: { network: 'host' } };
    await batchUpsample(request, ports, silent, never);
    await expect(
      resumeUpsample({ values: { upsampling: { batch_size: 1, ...given }, hosts } }, ports, silent, never),
    ).rejects.toMatchObject({
      code: 'checkpoint-mismatch',
      message: expect.stringContaining(named),
    });
  });
});

describe('a run that is resumed on another host', () => {
  async function movedRun(isFirstReachable: boolean) {
    const { ports, request } = await newScene();
    const [first, second] = [new MemoryHost(), new MemoryHost()];
    const onHosts = { ...ports, host: (name: string) => (name === 'second' ? second : first) };
    const stop = new AbortController();
    first.pauseAfter(1);
    const stopper = partialObserver({
      onEvent: ({ type }) => type === 'task-finished' && stop.abort(new Error('the user says stop')),
    });
    await expect(batchUpsample(request, onHosts, stopper, stop.signal)).rejects.toThrow('the user says stop');
    if (!isFirstReachable) first.failure = unreachableError('connect ETIMEDOUT');
    const notices: string[] = [];
    const observer = partialObserver({ onNotice: (message) => void notices.push(message) });
    const { summary } = await resumeUpsample({ host: 'second' }, onHosts, observer, never);
    return { ports: onHosts, first, second, notices, summary };
  }

  it('has there done what is left, takes back the rest, and stays there', async () => {
    const { ports, first, second, notices, summary } = await movedRun(true);
    expect(summary).toMatchObject({ status: 'complete', host: 'second', counts: { upsampled: 4 } });
    expect([first.asked.length, second.asked.length]).toEqual([1, 3]);
    expect(first.stopped).toEqual([summary.run_id]);
    expect(notices).toEqual(['Changed settings: --host "second" (was "memory").']);
    const [row] = await listAllRuns(kinds, ports);
    expect(row).toMatchObject({ host: 'second', status: 'complete' });
  });

  it('says so when the one that is left cannot be told', async () => {
    const { notices, summary } = await movedRun(false);
    expect(summary).toMatchObject({ status: 'complete', host: 'second' });
    expect(notices[0]).toMatch(
      /^memory could not be told to stop: .*keeps running and is not used.*ETIMEDOUT/,
    );
  });
});
