import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import type { SpecCandidates } from '../../../../src/ports/spec-store.ts';
import type { PlanRequest } from '../../../../src/services/upsample/plan-specs.ts';
import { planSpecs } from '../../../../src/services/upsample/plan-specs.ts';
import { MemoryHost } from '../../../support/memory-host.ts';
import { sampleSpec } from '../../../support/spec-builder.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';
import { createTestPorts, silent, testRunSettings } from '../../../support/test-ports.ts';

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

/** What a plan of so many specs keeps in memory, in bytes for each. The specs are made when they are read. */
async function keptPerSpec(specs: number): Promise<number> {
  const folder = await temporaryFolder();
  const names = Array.from({ length: specs }, (_, index) => `day_${index % 50}/shot_${index}.json`);
  const ports = createTestPorts(folder, new MemoryHost());
  const info = { width: 640, height: 360, frames: 24, durationSeconds: 1, frameRate: 24 };
  const request: PlanRequest = { inputs: [folder], settings: testRunSettings(folder), excluded: [] };
  const planning = (specs: readonly string[]) =>
    planSpecs(
      request,
      {
        ...ports,
        specs: Object.assign(Object.create(ports.specs), {
          find: async (): Promise<SpecCandidates> => ({
            ...{ inputRoot: folder, specs, pathOf: (spec) => spec },
            ...{ misnamed: new Set(), skippedFolders: [], skippedFiles: [] },
          }),
          read: async (path: string) =>
            Buffer.from(JSON.stringify(sampleSpec({ name: path, prompt: `A mill in ${path}` }))),
          outputPath: (_folder: string, spec: string) => spec,
          findVideo: async (path: string) => ({ path: `/films/${path}`, sizeBytes: 1, modifiedMs: 1 }),
        }),
        media: Object.assign(Object.create(ports.media), { probe: async () => ({ ...info }) }),
      },
      silent,
      new AbortController().signal,
    );
  // What the first plan loads stays for every one.
  await planning(names.slice(0, 1_000));
  await setImmediate();
  collectGarbage();
  const before = process.memoryUsage().heapUsed;
  const plan = await planning(names);
  await setImmediate();
  collectGarbage();
  const kept = process.memoryUsage().heapUsed - before;
  expect(plan.specs).toHaveLength(specs);
  return kept / specs;
}

it('a plan keeps a few hundred bytes of a spec that fits', async () => {
  expect(await keptPerSpec(20_000)).toBeLessThan(330);
});
