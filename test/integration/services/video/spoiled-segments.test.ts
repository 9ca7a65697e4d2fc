import { createHash, randomBytes } from 'node:crypto';
import { copyFile, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PoolHost } from '../../../../src/adapters/pool-host/pool-host.ts';
import { FfmpegVideoTool } from '../../../../src/adapters/video/ffmpeg-video-tool.ts';
import { resolveSettings } from '../../../../src/core/settings/resolve-settings.ts';
import { partialObserver } from '../../../../src/output/progress/observers.ts';
import type { VideoObserver } from '../../../../src/ports/run-observer.ts';
import type { WorkTask } from '../../../../src/protocol/manifest.ts';
import { canaryName } from '../../../../src/protocol/segment.ts';
import type { TaskResult } from '../../../../src/protocol/task-result.ts';
import { asItWasBegun, resumeRun } from '../../../../src/services/runs/resume-run.ts';
import { upscaleKind } from '../../../../src/services/upscale/upscale-kind.ts';
import { upscaleVideo } from '../../../../src/services/upscale/upscale-video.ts';
import { makeClip } from '../../../support/clips.ts';
import { framesHash } from '../../../support/film.ts';
import { MemoryHost, type MemoryWork } from '../../../support/memory-host.ts';
import { poolOptions } from '../../../support/pool-bench.ts';
import { workOnSegments } from '../../../support/segment-work.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';
import { createTestPorts } from '../../../support/test-ports.ts';

const { signal } = new AbortController();
const root = await temporaryFolder();
const upscaling = resolveSettings([
  { source: 'the test', values: { upscaling: { workers: 1, preset: 'ultrafast', batch_size: 16 } } },
]).upscaling;
const film = await makeClip(join(root, 'film.mp4'), { width: 64, height: 36, seconds: 6.4 });
const honest = workOnSegments(film, root, upscaling);

/** What a host gives in place of a segment, with the hash and the size of that; a size alone is only said. */
interface Spoiling {
  readonly what: string;
  readonly reason: RegExp;
  readonly spoil: (segment: Buffer) => Buffer | number | Promise<Buffer>;
}

const spoilings: readonly Spoiling[] = [
  {
    what: 'noise',
    reason: /box .* (is cut off|has an impossible size)|expected one track/,
    spoil: () => randomBytes(4_000),
  },
  { what: 'another video', reason: /frames instead of/, spoil: () => readFile(film) },
  {
    what: 'half of it',
    reason: /is cut off|expected one track/,
    spoil: (whole) => whole.subarray(0, whole.length / 2),
  },
  { what: 'an index without its frames', reason: /cannot be decoded/, spoil: blankFrames },
  {
    what: 'a petabyte',
    reason: /it has 1125899907 MB, and its frames yield 2?\d?\d MB at the most/,
    spoil: () => 2 ** 50,
  },
];

/** Spoils what it makes of the first segment, each time in another way, as long as there are any. */
class SpoilingWork implements MemoryWork {
  readonly #files = new Map<string, string>();
  readonly #spoilings: Iterator<Spoiling>;
  readonly #what: 'first' | 'segments' | 'all';

  /** @param what - `all` has the short clip of the pool's check in it, too. */
  constructor(spoilings: Iterable<Spoiling>, what: 'first' | 'segments' | 'all' = 'first') {
    this.#what = what;
    this.#spoilings = spoilings[Symbol.iterator]();
  }

  async perform(task: WorkTask): Promise<TaskResult> {
    const result = await honest.perform(task);
    const { task_key: key } = task;
    this.#files.delete(key);
    const { segment } = result;
    const isSegment = task.name !== canaryName && 'segment_id' in task;
    const isSpoilt =
      this.#what === 'all' || (isSegment && (this.#what === 'segments' || task.segment_id === 0));
    const spoiling = isSpoilt ? this.#spoilings.next() : { done: true as const };
    if (!segment || spoiling.done) return result;
    const spoilt = await spoiling.value.spoil(await readFile(honest.fileOf?.(key) ?? ''));
    if (typeof spoilt === 'number') return { ...result, segment: { ...segment, size_bytes: spoilt } };
    const path = join(root, `${key}.spoilt`);
    await writeFile(path, spoilt);
    this.#files.set(key, path);
    const sha256 = createHash('sha256').update(spoilt).digest('hex');
    return { ...result, segment: { ...segment, sha256, size_bytes: spoilt.length } };
  }

  fileOf(taskKey: string): string {
    return this.#files.get(taskKey) ?? honest.fileOf?.(taskKey) ?? '';
  }
}

async function sceneOf(work: MemoryWork, inputPath = film) {
  const folder = await temporaryFolder();
  const host = new MemoryHost(work);
  const ports = { ...createTestPorts(folder, host), video: new FfmpegVideoTool() };
  const outputPath = join(folder, 'out.mp4');
  const notices: string[] = [];
  const onNotice = (notice: string) => notices.push(notice);
  const request = {
    ...{ inputPath, outputPath, modelPath: null, host: host.name, slots: 1 },
    ...{ upscaling, isForced: false, isKeptGoing: false, isDetached: false },
  };
  const run = () => upscaleVideo(request, ports, partialObserver({ onNotice }), signal);
  const resume = () =>
    resumeRun(upscaleKind, asItWasBegun('latest'), {
      ...{ observer: partialObserver({ onNotice }), signal, isDetached: false, ports },
    });
  return { host, outputPath, notices, run, resume };
}

const wanted = sceneOf(honest).then(async ({ run, outputPath }) => {
  await run();
  return await framesHash(outputPath);
});

describe('a segment that is not what its host says', () => {
  it('is noticed when it arrives, and made again, in this session or the next', async () => {
    const { host, run, resume, notices, outputPath } = await sceneOf(new SpoilingWork(spoilings));
    // A host gets a few tries in each session.
    const { error } = await run();
    expect(error).toMatchObject({
      code: 'worker-failed',
      message: expect.stringMatching(/^Segment 1 that memory made cannot be used: /),
    });
    expect(notices).toHaveLength(4);
    const { summary } = await resume();
    expect(summary).toMatchObject({ status: 'complete', counts: { failed_segments: 0 } });
    expect(notices).toHaveLength(spoilings.length);
    for (const [index, { reason }] of spoilings.entries()) expect(notices[index]).toMatch(reason);
    expect(await framesHash(outputPath)).toBe(await wanted);
    // The others were made once, also the one that was checked while the session ended.
    const asked = Map.groupBy(host.asked, (key) => key);
    expect(Array.from(asked.values(), ({ length }) => length)).toEqual([spoilings.length + 1, 1, 1]);
  });
});

it('a machine of a pool whose first clip is such a one gets nothing, and the others make the video', async () => {
  const noise: Spoiling = { what: 'noise', reason: /./, spoil: () => randomBytes(4_000) };
  const liar = new MemoryHost(new SpoilingWork(endlessly(noise), 'all'));
  const other = new MemoryHost(honest);
  const folder = await temporaryFolder();
  const pool = new PoolHost(poolOptions({ liar, other }));
  const ports = { ...createTestPorts(folder, pool), video: new FfmpegVideoTool() };
  const changes: object[] = [];
  const observer = partialObserver<VideoObserver>({
    onEvent: (event) => {
      if (event.type === 'machine-changed') changes.push(event);
    },
  });
  const outputPath = join(folder, 'out.mp4');
  const request = {
    ...{ inputPath: film, outputPath, modelPath: null, host: 'liar,other', slots: 2 },
    ...{ upscaling, isForced: false, isKeptGoing: false, isDetached: false },
  };
  const { summary } = await upscaleVideo(request, ports, observer, signal);
  expect(summary).toMatchObject({ status: 'complete' });
  expect(changes).toContainEqual(expect.objectContaining({ machine: 'liar', state: 'ended' }));
  expect(liar.asked).toHaveLength(1);
  expect(await framesHash(outputPath)).toBe(await wanted);
});

it('a machine of a pool that gives three of them gets nothing more', async () => {
  const noise: Spoiling = { what: 'noise', reason: /./, spoil: () => randomBytes(4_000) };
  const liar = new MemoryHost(new SpoilingWork(endlessly(noise), 'segments'));
  const other = new MemoryHost(honest);
  // Its own first clip, and nothing until the other one was found out.
  other.pauseAfter(1);
  const folder = await temporaryFolder();
  const pool = new PoolHost(poolOptions({ liar, other }));
  const ports = { ...createTestPorts(folder, pool), video: new FfmpegVideoTool() };
  const changes: object[] = [];
  const observer = partialObserver<VideoObserver>({
    onEvent: (event) => {
      if (event.type !== 'machine-changed') return;
      changes.push(event);
      if (event.state === 'ended') void other.proceed();
    },
  });
  const outputPath = join(folder, 'out.mp4');
  const request = {
    ...{ inputPath: film, outputPath, modelPath: null, host: 'liar,other', slots: 2 },
    ...{ upscaling, isForced: false, isKeptGoing: false, isDetached: false },
  };
  const { summary } = await upscaleVideo(request, ports, observer, signal);
  expect(summary).toMatchObject({ status: 'complete' });
  expect(changes).toContainEqual(
    expect.objectContaining({
      ...{ machine: 'liar', state: 'ended' },
      message: expect.stringContaining('3 of its results were refused'),
    }),
  );
  // What it was given before that may still be made.
  expect(liar.asked.length).toBeLessThanOrEqual(1 + 3 + 2);
  expect(await framesHash(outputPath)).toBe(await wanted);
});

function* endlessly<Value>(value: Value): Iterable<Value> {
  for (;;) yield value;
}

it('a video that is replaced while it is upscaled ends the run, and nothing is made of the two', async () => {
  const copy = join(root, 'replaced.mp4');
  await copyFile(film, copy);
  const work: MemoryWork = {
    ...honest,
    perform: async (task) => {
      const result = await honest.perform(task);
      await makeClip(copy, { width: 64, height: 36, seconds: 6.2 });
      return result;
    },
  };
  const { run, outputPath } = await sceneOf(work, copy);
  const { error } = await run();
  expect(error).toMatchObject({
    code: 'checkpoint-mismatch',
    message: `${copy} has changed since the run began.`,
  });
  await expect(stat(outputPath)).rejects.toThrow('ENOENT');
});

/** The file as it is, but for the bytes of its frames. */
function blankFrames(whole: Buffer): Buffer {
  const at = whole.indexOf('mdat') + 4;
  const size = whole.readUInt32BE(at - 8);
  return Buffer.from(whole).fill(0, at, at - 8 + size);
}
