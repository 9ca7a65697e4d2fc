import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { partialObserver } from '../../../../src/output/progress/observers.ts';
import { batchUpsample } from '../../../../src/services/upsample/batch-upsample.ts';
import { MemoryHost } from '../../../support/memory-host.ts';
import { sampleSpec, writeSpecs } from '../../../support/spec-builder.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';
import { createTestPorts, silent, testRunSettings } from '../../../support/test-ports.ts';
import { resumeUpsample } from '../../../support/upsample-runs.ts';

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
    { rule: 'with another setting', given: { batch_size: 7 }, named: 'batch_size was 1, now 7' },
    {
      rule: 'with another model',
      given: { engine: { model: 'm' } as never },
      named: 'model was "describe-3"',
    },
  ])('$rule', async ({ given, named }) => {
    const { ports, request } = await newScene();
    await batchUpsample(request, ports, silent, never);
    const resume = { reference: 'latest', inputs: [], given, baseUrl: null };
    await expect(resumeUpsample(resume, ports, silent, never)).rejects.toMatchObject({
      code: 'checkpoint-mismatch',
      message: expect.stringContaining(named),
    });
  });
});
