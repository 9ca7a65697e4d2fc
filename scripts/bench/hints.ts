/**
 * Hints per second of the program's media tool against bare ffmpeg on the same clips, both with one process per
 * core. Prints a table, or JSON with `--json`.
 *
 *     node scripts/bench/hints.ts [--clips 60] [--rounds 3] [--json]
 */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { mostHintPixels } from '../../src/adapters/ffmpeg/picture-limits.ts';
import { createMediaTool } from '../../src/adapters/media/caching-media-tool.ts';
import { probeWithFfprobe } from '../../src/adapters/media/probe.ts';
import { hintVideoArguments } from '../../src/adapters/media/render-hint-video.ts';
import type { HintRequest } from '../../src/ports/media-tool.ts';
import { makeClip } from '../../test/support/clips.ts';

const { values } = parseArgs({
  options: {
    clips: { type: 'string', default: '60' },
    rounds: { type: 'string', default: '3' },
    json: { type: 'boolean', default: false },
  },
});
const concurrency = availableParallelism();
const chunkSize = 12;
const run = promisify(execFile);
const folder = await mkdtemp(join(tmpdir(), 'cosmos-bench-hints-'));

try {
  const paths = await makeClips(Number(values.clips));
  const requests = await makeRequests(paths);
  const { tool, bare } = await compare(requests, Number(values.rounds));
  const result = {
    clips: requests.length,
    concurrency,
    tool_hints_per_second: chunkSize / tool,
    bare_hints_per_second: chunkSize / bare,
    ratio: bare / tool,
    cached_hint_ms: await cachedHintMs(requests),
    ...(await probeCosts(paths)),
  };
  if (values.json) console.log(JSON.stringify(result));
  else
    console.table(
      Object.fromEntries(Object.entries(result).map(([name, value]) => [name, Number(value.toFixed(3))])),
    );
} finally {
  await rm(folder, { recursive: true, force: true });
}

/**
 * Median seconds per chunk of clips, in turns of A B, B A, so that other load on the machine meets both alike.
 * Each chunk of the tool starts with an empty cache.
 */
async function compare(
  requests: readonly HintRequest[],
  rounds: number,
): Promise<{ tool: number; bare: number }> {
  const tool: number[] = [];
  const bare: number[] = [];
  for (let turn = 0; turn < (rounds * requests.length) / chunkSize; turn++) {
    const start = (turn * chunkSize) % requests.length;
    const chunk = Array.from({ length: chunkSize }, (_, at) =>
      requests.at((start + at) % requests.length),
    ).filter((request) => request !== undefined);
    const sides = [
      async () => tool.push(await secondsOf(() => makeHints(chunk, join(folder, `cold-${turn}`)))),
      async () => bare.push(await secondsOf(() => runBareFfmpeg(chunk, join(folder, `bare-${turn}`)))),
    ];
    for (const side of turn % 2 === 0 ? sides : sides.reverse()) await side();
  }
  return { tool: median(tool), bare: median(bare) };
}

/** Different clips of 2 to 4 s in 720p, as a camera's encoder makes them. */
async function makeClips(count: number): Promise<string[]> {
  const seeds = Array.from({ length: count }, (_, index) => index + 1);
  return await inParallel(seeds, (seed) =>
    makeClip(join(folder, 'clips', `${seed}.mp4`), {
      width: 1280,
      height: 720,
      seconds: 2 + (seed % 3),
      seed,
      codec: 'h264bframes',
    }),
  );
}

async function makeRequests(paths: readonly string[]): Promise<HintRequest[]> {
  const media = createMediaTool({ folder: join(folder, 'requests') });
  return await inParallel(paths, async (sourcePath) => ({
    sourcePath,
    video: await media.probe(sourcePath),
    size: { width: 320, height: 180 },
    frames: 2,
    fps: 2,
  }));
}

async function makeHints(requests: readonly HintRequest[], cache: string): Promise<void> {
  const media = createMediaTool({ folder: cache });
  const hints = await inParallel(requests, (request) => media.makeHint(request));
  await media.settled();
  if (new Set(hints.map((hint) => hint.sha256)).size !== requests.length)
    throw new Error('hints are missing');
}

async function runBareFfmpeg(requests: readonly HintRequest[], target: string): Promise<void> {
  await mkdir(target);
  const indexed = requests.map((request, index) => ({ request, path: join(target, `${index}.mp4`) }));
  await inParallel(indexed, async ({ request, path }) => {
    await run('ffmpeg', [...(await hintVideoArguments(request, path, 'spaced', mostHintPixels))]);
  });
  if ((await readdir(target)).length !== requests.length) throw new Error('bare hints are missing');
}

/** One hint from the cache of a new process, as resuming asks for it, in milliseconds. */
async function cachedHintMs(requests: readonly HintRequest[]): Promise<number> {
  const cache = join(folder, 'warm');
  await makeHints(requests, cache);
  return ((await secondsOf(() => makeHints(requests, cache))) * 1000) / requests.length;
}

/** Milliseconds per probe: by ffprobe one after the other, by the media tool cold, warm, and in one process again. */
async function probeCosts(paths: readonly string[]): Promise<Record<string, number>> {
  const options = { program: 'ffprobe', timeoutMs: 60_000, signal: undefined };
  const cache = join(folder, 'probes');
  const each = async (work: () => Promise<void>) => ((await secondsOf(work)) * 1000) / paths.length;
  const media = createMediaTool({ folder: cache });
  const probeAll = async (tool: typeof media) => {
    for (const path of paths) await tool.probe(path);
    await tool.settled();
  };
  return {
    ffprobe_ms: await each(async () => {
      for (const path of paths) await probeWithFfprobe(path, options);
    }),
    probe_cold_ms: await each(() => probeAll(media)),
    probe_cached_ms: await each(() => probeAll(createMediaTool({ folder: cache }))),
    probe_again_ms: await each(() => probeAll(media)),
  };
}

async function inParallel<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const queue = items.entries();
  const lanes = Array.from({ length: concurrency }, async () => {
    for (const [index, item] of queue) results[index] = await work(item);
  });
  await Promise.all(lanes);
  return results;
}

async function secondsOf(work: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}
