import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PoolHost } from '../../../../src/adapters/pool-host/pool-host.ts';
import { reusedText } from '../../../../src/core/upsample/upsample-summary.ts';
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
  const cacheFolder = join(folder, 'cache', 'results');
  return {
    /** A run on a host that the user calls so. */
    run: async (hostName = 'gpu1') => {
      const request = { inputs: [input], excluded: [], settings: { ...settings, host: hostName } };
      return (await batchUpsample(request, ports, silent, signal)).summary;
    },
    resume: async () => (await resumeUpsample({}, ports, silent, signal)).summary,
    written: async () => (await readdir(settings.output_dir).catch(() => [])).sort(),
    /** Paths of the answers that are kept for later runs. */
    cached: async () => {
      const paths = await readdir(cacheFolder, { recursive: true }).catch(() => []);
      return paths.filter((path) => path.endsWith('.json')).map((path) => join(cacheFolder, path));
    },
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
    for (const { message } of summary.failures) expect(message).toContain('came from gpu1 and is not used');
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

describe('an answer of an earlier run', () => {
  it('is used for runs on the same host alone, and the summary says which one that was', async () => {
    const host = new MemoryHost(new LyingWork(() => undefined));
    const scene = await sceneOf(['one', 'two'], host);
    expect(await scene.run('gpu1')).toMatchObject({ counts: { upsampled: 2, reused: 0 } });
    const again = await scene.run('gpu1');
    expect(again).toMatchObject({ counts: { upsampled: 0, reused: 2 }, reused_from: ['gpu1'] });
    expect(reusedText(again)).toContain('earlier runs on gpu1');
    expect(await scene.run('local')).toMatchObject({ counts: { upsampled: 2, reused: 0 } });
    expect(await scene.run('local')).toMatchObject({ counts: { reused: 2 }, reused_from: ['local'] });
    expect(host.asked).toHaveLength(4);
  });

  it('is checked when it is read, and replaced where it cannot be used', async () => {
    const host = new MemoryHost(new LyingWork(() => undefined));
    const scene = await sceneOf(['one', 'two', 'three', 'four'], host);
    await scene.run();
    const paths = await scene.cached();
    const change = async (at: number, changed: (entry: { result: { text: string } }) => object) => {
      const path = paths[at] ?? '';
      await writeFile(path, JSON.stringify(changed(JSON.parse(await readFile(path, 'utf8')))));
    };
    const withText = (text: string) => (entry: { result: object }) => ({
      ...entry,
      result: { ...entry.result, text },
    });
    await change(0, ({ result, ...entry }) => ({
      ...entry,
      result: { ...result, text: result.text.split(' ').slice(0, 4).join('  ').toUpperCase() },
    }));
    // The first one of these is a text like any other.
    for (const at of [1, 2]) await change(at, withText(honestText('Something made up.')));
    // As a version wrote it that noted no origin.
    await change(3, ({ result }) => result);
    expect(await scene.run()).toMatchObject({ status: 'complete', counts: { upsampled: 3, reused: 1 } });
    expect(await scene.run()).toMatchObject({ counts: { upsampled: 0, reused: 4 } });
  });
});
