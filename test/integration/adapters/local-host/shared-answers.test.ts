import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { batchUpsample } from '../../../../src/services/upsample/batch-upsample.ts';
import { MemoryHost } from '../../../support/memory-host.ts';
import { sampleSpec, writeSpecs } from '../../../support/spec-builder.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';
import { createTestPorts, silent, testRunSettings } from '../../../support/test-ports.ts';
import { resumeUpsample } from '../../../support/upsample-runs.ts';

const never = new AbortController().signal;

/** Six specs in six batches, of which each two ask for the same. */
async function newInputs(): Promise<string> {
  const folder = await temporaryFolder();
  const specs = Array.from({ length: 6 }, (_, index) => {
    const prompt = `A lighthouse number ${index % 3}`;
    return [`${index}.json`, sampleSpec({ name: `n${index}`, prompt, input_video_path: '' })] as const;
  });
  await writeSpecs(join(folder, 'in'), Object.fromEntries(specs));
  return folder;
}

async function promptsIn(folder: string): Promise<string[]> {
  const names = Array.from({ length: 6 }, (_, index) => join(folder, 'out', `${index}.json`));
  return await Promise.all(names.map(async (name) => JSON.parse(await readFile(name, 'utf8')).prompt));
}

const expected = [0, 1, 2, 0, 1, 2].map((number) => `A long text about A lighthouse number ${number}`);
const oneByOne = { upsampling: { batch_size: 1 } };

describe('specs that ask for the same', () => {
  it.each([
    { rule: 'share one answer', change: {} },
    { rule: 'share it also with --force', change: { force: true } },
    { rule: 'share it within one batch', change: { batch_size: 10 } },
  ])('$rule', async ({ change }) => {
    const folder = await newInputs();
    const host = new MemoryHost();
    const request = { inputs: ['in'], settings: testRunSettings(folder, oneByOne, change), excluded: [] };
    const { summary } = await batchUpsample(request, createTestPorts(folder, host), silent, never);
    expect(summary.counts).toEqual({ total: 6, upsampled: 3, reused: 3, skipped: 0, failed: 0 });
    expect(host.asked).toHaveLength(3);
    expect(await promptsIn(folder)).toEqual(expected);
  });

  it('share it when a server without a named model answers, whose answers are not kept', async () => {
    const folder = await newInputs();
    const engine = { kind: 'openai', base_url: 'http://127.0.0.1:9/v1' };
    const host = new MemoryHost();
    const settings = testRunSettings(folder, { upsampling: { batch_size: 1, engine } });
    const { summary } = await batchUpsample(
      { inputs: ['in'], settings, excluded: [] },
      createTestPorts(folder, host),
      silent,
      never,
    );
    expect(summary.counts).toMatchObject({ upsampled: 3, reused: 3 });
    expect(host.asked).toHaveLength(3);
  });
});

describe('a result that comes before anybody waits for it', () => {
  it('is used when its spec is prepared', async () => {
    const folder = await newInputs();
    const host = new MemoryHost();
    const ports = createTestPorts(folder, host);
    const settings = testRunSettings(folder, oneByOne, { force: true });
    const { summary } = await batchUpsample({ inputs: ['in'], settings, excluded: [] }, ports, silent, never);
    // As a worker that went on alone leaves it: the results are there, the journal knows nothing.
    await writeFile(join(folder, 'checkpoints', summary.run_id, 'journal.jsonl'), '');
    const resumed = await resumeUpsample({ reference: summary.run_id }, ports, silent, never);
    expect(resumed.summary).toMatchObject({ status: 'complete', counts: { upsampled: 3, reused: 3 } });
    expect(host.asked).toHaveLength(3);
  });
});
