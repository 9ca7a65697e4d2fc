import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PoolHost } from '../../../../src/adapters/pool-host/pool-host.ts';
import type { Host } from '../../../../src/ports/host.ts';
import { batchUpsample } from '../../../../src/services/upsample/batch-upsample.ts';
import { makeClip } from '../../../support/clips.ts';
import { type Lie, lies } from '../../../support/lying-work.ts';
import { MemoryHost, type MemoryWork, promptWork } from '../../../support/memory-host.ts';
import { poolOptions } from '../../../support/pool-bench.ts';
import { sampleSpec, writeSpecs } from '../../../support/spec-builder.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';
import { createTestPorts, silent, testRunSettings } from '../../../support/test-ports.ts';
import { resumeUpsample } from '../../../support/upsample-runs.ts';

const { signal } = new AbortController();
const honestText = (prompt: string) =>
  `${prompt} The camera follows slowly from behind while rain runs down the windows and neon signs shimmer in puddles.`;

/** Says what it likes for prompts that name a lie, until it is made honest. */
class LyingWork implements MemoryWork {
  isHonest = false;
  readonly #honest = promptWork(({ prompt }) => honestText(prompt));
  readonly #lieFor: (prompt: string) => Lie | undefined;

  constructor(lieFor: (prompt: string) => Lie | undefined) {
    this.#lieFor = lieFor;
  }

  async perform(task: Parameters<MemoryWork['perform']>[0]) {
    const honest = await this.#honest.perform(task);
    if (this.isHonest || !('hint' in task)) return honest;
    return this.#lieFor(task.prompt)?.tell(honest, task) ?? honest;
  }
}

/** Specs of these names, each with a prompt of its own about the same video. */
async function sceneOf(names: readonly string[], host: Host) {
  const folder = await temporaryFolder();
  await makeClip(join(folder, 'specs', 'clip.mp4'), { width: 640, height: 360, seconds: 3 });
  const specs = names.map((name) => [`${name}.json`, sampleSpec({ prompt: `A shot of ${name}` })] as const);
  const input = await writeSpecs(join(folder, 'specs'), Object.fromEntries(specs));
  const ports = createTestPorts(folder, host);
  const settings = testRunSettings(folder, { retry: { max_equal_failures: 0 } }, { workers: 2 });
  return {
    run: async () =>
      (await batchUpsample({ inputs: [input], excluded: [], settings }, ports, silent, signal)).summary,
    resume: async () => (await resumeUpsample({}, ports, silent, signal)).summary,
    written: async () => (await readdir(settings.output_dir).catch(() => [])).sort(),
    output: async (name: string) =>
      JSON.parse(await readFile(join(settings.output_dir, `${name}.json`), 'utf8')),
    cached: async () =>
      (await readdir(join(folder, 'cache', 'results'), { recursive: true }).catch(() => [])).filter((path) =>
        path.endsWith('.json'),
      ),
  };
}

describe('a host that lies', () => {
  it('is not believed: each lie fails its spec, names the host, is not cached, and leaves the others alone', async () => {
    const work = new LyingWork((prompt) => lies.find(({ name }) => prompt === `A shot of ${name}`));
    const host = new MemoryHost(work);
    const names = [...lies.map(({ name }) => name), 'a red car'];
    const scene = await sceneOf(names, host);
    const summary = await scene.run();
    expect(summary).toMatchObject({ status: 'partial', counts: { upsampled: 1, failed: lies.length } });
    const codes = new Map(summary.failures.map(({ spec, code }) => [spec, code]));
    for (const { name, code } of lies) expect([name, codes.get(`${name}.json`)]).toEqual([name, code]);
    for (const { message } of summary.failures) expect(message).toContain('came from memory and is not used');
    expect(await scene.written()).toEqual(['a red car.json']);
    expect(await scene.cached()).toHaveLength(1);

    // What was refused is asked for again, and no lie that lies on the host is taken for an answer.
    work.isHonest = true;
    host.asked.length = 0;
    const resumed = await scene.resume();
    expect(resumed).toMatchObject({ status: 'complete', counts: { upsampled: names.length, failed: 0 } });
    expect(host.asked).toHaveLength(lies.length);
    expect(await scene.cached()).toHaveLength(names.length);
  });

  it('does not get by with one text for all, in this session or the next', async () => {
    const same: Lie = {
      ...{ name: 'one text', code: 'output-repeated' },
      tell: (honest) => ({ ...honest, text: honestText('Something that was made up once.') }),
    };
    const work = new LyingWork(() => same);
    const scene = await sceneOf(['one', 'two', 'three'], new MemoryHost(work));
    const first = await scene.run();
    expect(first).toMatchObject({ counts: { upsampled: 1, failed: 2 } });
    expect(first.failures.map(({ code }) => code)).toEqual(['output-repeated', 'output-repeated']);
    expect(first.failures[0]?.message).toMatch(/(?:one|two|three)\.json/);
    expect(await scene.resume()).toMatchObject({ counts: { upsampled: 1, failed: 2 } });
    work.isHonest = true;
    expect(await scene.resume()).toMatchObject({ counts: { upsampled: 3, failed: 0 } });
  });

  it('in a pool gets nothing more, and its prompts are done by the others', async () => {
    const empty = lies.find(({ name }) => name === 'blanks');
    const liar = new MemoryHost(new LyingWork(() => empty));
    const honest = new MemoryHost(new LyingWork(() => undefined));
    const pool = new PoolHost(poolOptions({ liar, honest }));
    const names = Array.from({ length: 30 }, (_, at) => `scene ${at}`);
    const scene = await sceneOf(names, pool);
    expect(await scene.run()).toMatchObject({ status: 'complete', counts: { upsampled: 30, failed: 0 } });
    expect(liar.asked.length).toBeLessThan(30);
  });
});
