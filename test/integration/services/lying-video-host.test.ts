import { createHash } from 'node:crypto';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { inferenceSettingsFrom } from '../../../src/core/inference/inference-settings.ts';
import { resolveSettings } from '../../../src/core/settings/resolve-settings.ts';
import { partialObserver } from '../../../src/output/progress/observers.ts';
import type { TaskResult } from '../../../src/protocol/task-result.ts';
import { runModels } from '../../../src/services/inference/run-models.ts';
import { makeClip } from '../../support/clips.ts';
import { MemoryHost, type MemoryWork, videoWork } from '../../support/memory-host.ts';
import { MemoryUpkeep } from '../../support/memory-upkeep.ts';
import { sampleSpec, writeSpecs } from '../../support/spec-builder.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { createTestPorts, testRunSettings } from '../../support/test-ports.ts';

const folder = await temporaryFolder();
const honest = videoWork(folder);
const noise = 'This was never a video. '.repeat(500);

/** Makes videos, but says otherwise of those whose prompts name it. */
const lying: MemoryWork = {
  fileOf: honest.fileOf?.bind(honest) ?? (() => ''),
  perform: async (task) => {
    const result = await honest.perform(task);
    const { video } = result;
    if (!video || !('parameters' in task)) return result;
    const saying = (facts: object): TaskResult => ({ ...result, video: { ...video, ...facts } });
    if (task.prompt.includes('frames')) return saying({ frames: 121 });
    if (task.prompt.includes('size')) return saying({ width: 1280, height: 720 });
    if (!task.prompt.includes('noise')) return result;
    await writeFile(honest.fileOf?.(task.task_key) ?? '', noise);
    const sha256 = createHash('sha256').update(noise).digest('hex');
    return saying({ sha256, size_bytes: noise.length });
  },
};

it('a video that its host only says to be one does not count, and leaves the others alone', async () => {
  const input = join(folder, 'in');
  await makeClip(join(input, 'clip.mp4'), { width: 64, height: 36, frames: 6 });
  const names = ['good', 'frames', 'size', 'noise'];
  const specs = names.map((name) => [
    `${name}.json`,
    sampleSpec({ prompt: `A lighthouse with ${name}`, control_inputs: { edge: null } }),
  ]);
  await writeSpecs(input, Object.fromEntries(specs));
  const upkeep = new MemoryUpkeep();
  upkeep.facts = { ...upkeep.facts, inferenceImage: { name: 'cosmos-inference:1', isPresent: true } };
  const ports = { ...createTestPorts(folder, new MemoryHost(lying)), upkeep: () => upkeep };
  const values = { inference: { batch_size: 4 } };
  const settings = inferenceSettingsFrom(
    resolveSettings([{ source: 'the test', values }]),
    testRunSettings(folder),
    {
      ...{ stages: ['inference'], isReviewed: false, videosDir: join(folder, 'videos'), workers: 1 },
      ...{ isForced: false, only: [], skip: [], named: [] },
    },
  );
  const request = { inputs: [input], settings, excluded: [], mappedFolders: [], isDetached: false };
  const { summary } = await runModels(request, ports, partialObserver({}), new AbortController().signal);
  expect(summary.counts).toMatchObject({ made: 1, failed: 3 });
  const faults = Object.fromEntries(
    summary.failures.map(({ code, message }) => [/has|played/.exec(message)?.[0] ?? message, code]),
  );
  expect(faults).toEqual({ has: 'video-invalid', played: 'video-invalid' });
  for (const { message } of summary.failures)
    expect(message).toContain('The video that memory returned is not used');
  const videos = await readdir(join(folder, 'videos'), { recursive: true });
  expect(videos.filter((path) => path.endsWith('.mp4'))).toHaveLength(1);
  const cached = await readdir(join(folder, 'cache', 'results'), { recursive: true });
  expect(cached.filter((path) => path.endsWith('.json'))).toHaveLength(1);
});
