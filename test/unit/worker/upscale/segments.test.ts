import { randomBytes } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../../src/adapters/system-clock.ts';
import { AppError } from '../../../../src/errors/app-error.ts';
import { layout } from '../../../../src/protocol/layout.ts';
import type { SegmentTask, UpscalerSpec } from '../../../../src/protocol/segment.ts';
import { SegmentUpscaler } from '../../../../src/worker/upscale/segment-upscaler.ts';
import { LaneError, type UpscaleEngine } from '../../../../src/worker/upscale/upscale-engine.ts';
import { ManualClock, settle } from '../../../support/manual-clock.ts';
import {
  type LaneScript,
  MemoryFrames,
  ScriptedEngine,
  sampleSegment,
  sampleUpscalerSpec,
} from '../../../support/memory-frames.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';
import { waitFor } from '../../../support/wait-for.ts';

const folder = await temporaryFolder();
const never = new AbortController().signal;
const quiet = { signal: never, onProgress: () => undefined };

/** An upscaler on a run folder of its own. */
function rig(
  script: LaneScript | UpscaleEngine = () => undefined,
  more: { spec?: Partial<UpscalerSpec>; frames?: MemoryFrames; clock?: ManualClock; minTile?: number } = {},
) {
  const frames = more.frames ?? new MemoryFrames();
  const engine = typeof script === 'function' ? new ScriptedEngine(script, more.minTile ?? null) : script;
  const runFolder = join(folder, randomBytes(4).toString('hex'));
  const log: string[] = [];
  const upscaler = new SegmentUpscaler(sampleUpscalerSpec(more.spec), engine, {
    frames,
    objectPathOf: (sha256) => sha256,
    runFolder,
    clock: more.clock ?? systemClock,
    log: (line) => log.push(line),
  });
  const framesOf = async (task: SegmentTask) => [
    ...(await readFile(join(runFolder, layout.output(task.task_key)))),
  ];
  const namesThere = () => readdir(join(runFolder, layout.outputs));
  return { upscaler, frames, engine: engine as ScriptedEngine, runFolder, framesOf, namesThere, log };
}

const ones = (count: number) => new Array<number>(count).fill(1);
const numbers = (count: number, first = 0) => Array.from({ length: count }, (_, at) => first + at);

describe('frames', () => {
  it.each([
    { name: 'fewer than a batch', frames: 3, lanes: 2 },
    { name: 'whole batches', frames: 16, lanes: 2 },
    { name: 'a last short batch', frames: 37, lanes: 3 },
    { name: 'one frame', frames: 1, lanes: 4 },
    { name: 'one lane', frames: 50, lanes: 1 },
  ])('come out in order: $name', async ({ frames, lanes }) => {
    const late: LaneScript = ({ request }) => delay(5 * (lanes - request.lane));
    const { upscaler, framesOf } = rig(late, { spec: { lanes } });
    const task = sampleSegment({ repeats: ones(frames) });
    const facts = await upscaler.run(task, quiet);
    expect(await framesOf(task)).toEqual(numbers(frames));
    expect(facts).toMatchObject({
      frames,
      unique_frames: frames,
      width: 32,
      height: 32,
      lanes,
      batch_size: 8,
    });
    await upscaler.stop();
  });

  it('are written as often as they are shown, and told of', async () => {
    const { upscaler, framesOf } = rig();
    const task = sampleSegment({ repeats: [1, 3, 1, 2, 40] });
    const told: number[] = [];
    const facts = await upscaler.run(task, {
      signal: never,
      onProgress: (done, total) => told.push(done, total),
    });
    expect(await framesOf(task)).toEqual([0, 1, 1, 1, 2, 3, 3, ...new Array<number>(40).fill(4)]);
    expect(facts).toMatchObject({ frames: 47, unique_frames: 5 });
    expect(told).toEqual([1, 47, 4, 47, 5, 47, 7, 47, 47, 47]);
  });

  it('that are only resampled go through no lane, unless one is shown several times', async () => {
    const { upscaler, framesOf, engine } = rig();
    engine.isResampling = true;
    const plain = sampleSegment({ first_batch: 4 });
    const told: number[] = [];
    const facts = await upscaler.run(plain, {
      signal: never,
      onProgress: (done, total) => {
        told.push(done, total);
        if (done === total) return;
        expect(upscaler.laneStatus()).toMatchObject([
          { lane: 0, status: 'processing', completed_batches: 1, current_batch: 6 },
          { lane: 1, status: 'idle', completed_batches: 1 },
        ]);
      },
    });
    expect(await framesOf(plain)).toEqual(numbers(20));
    expect(facts).toMatchObject({ frames: 20, unique_frames: 20, size_bytes: 20 });
    expect(engine.calls).toBe(0);
    expect(told.slice(0, 2)).toEqual([18, 20]);
    const repeated = sampleSegment({ task_key: 'e'.repeat(64), repeats: [1, 2] });
    await upscaler.run(repeated, quiet);
    expect(await framesOf(repeated)).toEqual([0, 1, 1]);
    expect(engine.calls).toBeGreaterThan(0);
  });

  it('go to lane b mod lanes, by the number over the whole video', async () => {
    const seen: string[] = [];
    const script: LaneScript = ({ request, frames }) => {
      seen.push(`${frames[0]?.[0]}:${request.lane}`);
    };
    const { upscaler } = rig(script, { spec: { lanes: 3 } });
    await upscaler.run(sampleSegment({ first_batch: 4 }), quiet);
    expect(seen.sort()).toEqual(['0:1', '16:0', '8:2']);
  });

  it('of two segments at once do not mix', async () => {
    const { upscaler, framesOf, engine } = rig(() => delay(1));
    const tasks = numbers(6).map((at) =>
      sampleSegment({ task_key: String(at).repeat(64), first_batch: 3 * at, first_time: 20 * at }),
    );
    await Promise.all(tasks.map((task) => upscaler.run(task, quiet)));
    for (const [at, task] of tasks.entries()) expect(await framesOf(task)).toEqual(numbers(20, 20 * at));
    expect(engine.openLanes).toBe(2);
    expect(upscaler.laneStatus()).toMatchObject([
      { lane: 0, status: 'idle', total_batches: 9, completed_batches: 9, current_batch: null },
      { lane: 1, status: 'idle', total_batches: 9, completed_batches: 9 },
    ]);
    await upscaler.stop();
    expect(engine.openLanes).toBe(0);
  });

  it('wait in bounded number, however slow the encoder is', async () => {
    const frames = new MemoryFrames();
    frames.encodeMs = 1;
    const clip = { ...sampleSegment().clip, frame: { width: 512, height: 512, pixel_format: 'gray' } };
    const { upscaler } = rig(undefined, { frames });
    const task = sampleSegment({ clip: { ...clip, target: { ...clip.frame, width: 1024, height: 1024 } } });
    await upscaler.run({ ...task, repeats: ones(200) }, quiet);
    // Two lanes, three batches each; one more is in the reader's hand.
    expect(frames.mostWaiting).toBeLessThanOrEqual(2 * 3 * 8 + 1);
  });
});

describe('memory', () => {
  it('a batch that is too large is halved, and no frame is lost or doubled', async () => {
    const tooMuch: LaneScript = async ({ frames }) => {
      await delay(1);
      if (frames.length > 2) throw new LaneError('out-of-memory', 'Failed to allocate memory.');
    };
    const { upscaler, framesOf, engine } = rig(tooMuch, { spec: { lanes: 3 } });
    const task = sampleSegment({ repeats: ones(61) });
    expect(await upscaler.run(task, quiet)).toMatchObject({ batch_size: 2, tile: 0 });
    expect(await framesOf(task)).toEqual(numbers(61));
    const startsSoFar = engine.starts.length;
    expect(await upscaler.run(task, quiet)).toMatchObject({ batch_size: 2 });
    expect(engine.starts).toHaveLength(startsSoFar);
    await upscaler.stop();
  });

  it('then the tile is, also of the other lanes', async () => {
    const tooMuch: LaneScript = ({ frames, request }) => {
      if (frames.length * request.size.tile ** 2 > 64 ** 2) throw new LaneError('out-of-memory', 'no memory');
    };
    const clip = { ...sampleSegment().clip, frame: { width: 300, height: 200, pixel_format: 'gray' } };
    const { upscaler, engine, framesOf } = rig(tooMuch, { spec: { tile: 256 }, minTile: 16 });
    const task = sampleSegment({ clip: { ...clip, target: { ...clip.frame, width: 600, height: 400 } } });
    expect(await upscaler.run(task, quiet)).toMatchObject({ batch_size: 1, tile: 64 });
    expect(await framesOf(task)).toEqual(numbers(20));
    expect(engine.openLanes).toBe(2);
    await upscaler.stop();
  });

  it('when nothing is small enough the segment fails for good', async () => {
    const { upscaler, engine, namesThere } = rig(() => {
      throw new LaneError('out-of-memory', 'no memory');
    });
    await expect(upscaler.run(sampleSegment(), quiet)).rejects.toMatchObject({
      code: 'out-of-memory',
      class: 'permanent',
    });
    expect(await namesThere()).toEqual([]);
    await upscaler.stop();
    expect(engine.openLanes).toBe(0);
  });
});

describe('lanes that die', () => {
  it('are started again, and their unfinished frames alone are done again', async () => {
    const upscaled: number[] = [];
    const script: LaneScript = ({ frames, calls }) => {
      if (calls % 3 === 0) throw new LaneError('died', 'killed');
      upscaled.push(...frames.map((frame) => frame[0] ?? -1));
    };
    const { upscaler, framesOf, engine } = rig(script);
    const task = sampleSegment({ repeats: ones(50) });
    await upscaler.run(task, quiet);
    expect(await framesOf(task)).toEqual(numbers(50));
    expect(upscaled.sort((a, b) => a - b)).toEqual(numbers(50));
    expect(engine.starts.length).toBeGreaterThan(3);
  });

  it('three times in a row fail the segment for now', async () => {
    const { upscaler, engine } = rig(() => {
      throw new LaneError('died', 'killed');
    });
    const failed = upscaler.run(sampleSegment({ repeats: [1] }), quiet);
    await expect(failed).rejects.toMatchObject({ code: 'engine-crashed', class: 'transient' });
    expect(engine.starts).toHaveLength(3);
  });

  it('or that never answer count as dead', async () => {
    const engine = new ScriptedEngine(({ calls }) =>
      calls === 1 ? new Promise(() => undefined) : undefined,
    );
    engine.frameTimeoutMs = 10;
    const { upscaler, framesOf } = rig(engine, { spec: { lanes: 1 } });
    const task = sampleSegment();
    await upscaler.run(task, quiet);
    expect(await framesOf(task)).toEqual(numbers(20));
    expect(engine.openLanes).toBe(1);
  });
});

describe('failures', () => {
  it.each([
    {
      name: 'a source that cannot be decoded',
      error: new AppError({ code: 'video-unreadable', message: 'broken' }),
      expected: { code: 'video-unreadable', class: 'permanent' },
    },
    {
      name: 'no ffmpeg',
      error: new AppError({ code: 'prerequisite-missing', message: 'no ffmpeg', nextStep: 'Install it.' }),
      expected: { code: 'engine-failed', class: 'fatal', message: 'no ffmpeg Install it.' },
    },
    {
      name: 'a program that ends by itself',
      error: new AppError({ code: 'frames-failed', message: 'ffmpeg ended' }),
      expected: { code: 'engine-failed', class: 'transient' },
    },
  ])('$name: nothing is left, and the next segment is right', async ({ error, expected }) => {
    const frames = new MemoryFrames();
    const { upscaler, namesThere, framesOf } = rig(() => delay(2), { frames });
    for (const side of ['decode', 'encode'] as const) {
      if (side === 'decode') frames.decodeFailure = { after: 12, error };
      else frames.encodeFailures = [{ after: 12, error }];
      await expect(upscaler.run(sampleSegment(), quiet)).rejects.toMatchObject(expected);
      frames.decodeFailure = null;
      expect(frames.open.size).toBe(0);
      expect(await namesThere()).toEqual([]);
    }
    await upscaler.run(sampleSegment(), quiet);
    expect(await framesOf(sampleSegment())).toEqual(numbers(20));
  });

  it('stopping in the middle rejects, and leaves nothing', async () => {
    const { upscaler, frames, namesThere, engine } = rig(() => delay(30));
    const ending = new AbortController();
    const task = sampleSegment({ repeats: ones(100) });
    const both = [
      upscaler.run(task, { ...quiet, signal: ending.signal }),
      upscaler.run(sampleSegment({ task_key: 'c'.repeat(64) }), quiet),
    ];
    await waitFor(() => frames.written > 8);
    ending.abort(new Error('stopped by hand'));
    await expect(both[0]).rejects.toThrow('stopped by hand');
    await both[1];
    expect(await namesThere()).toEqual([`${'c'.repeat(64)}.mp4`]);
    const third = upscaler.run(task, quiet);
    await waitFor(() => frames.open.size === 2);
    const ended = expect(third).rejects.toThrow('the upscaler was stopped');
    await upscaler.stop();
    await ended;
    expect(engine.openLanes).toBe(0);
    expect(frames.open.size).toBe(0);
    expect(await namesThere()).toHaveLength(1);
  });

  it('a full disk is waited for, and said', async () => {
    const clock = new ManualClock();
    const frames = new MemoryFrames();
    const error = new AppError({ code: 'disk-full', message: 'No space left.' });
    frames.encodeFailures = [
      { after: 3, error },
      { after: 0, error },
    ];
    const { upscaler, framesOf } = rig(undefined, { frames, clock });
    const running = upscaler.run(sampleSegment(), quiet);
    await waitFor(() => clock.sleeping === 1);
    expect(upscaler.waitReason).toContain('No space left.');
    await clock.advance(5_000);
    await waitFor(() => clock.sleeping === 1);
    await clock.advance(5_000);
    await running;
    await settle();
    expect(upscaler.waitReason).toBeNull();
    expect(await framesOf(sampleSegment())).toEqual(numbers(20));
  });

  it('what a dead process left of a segment is removed when it is made again, and nothing else', async () => {
    const { upscaler, runFolder, namesThere } = rig();
    await upscaler.run(sampleSegment(), quiet);
    await upscaler.stop();
    const names = [
      `${'a'.repeat(64)}.mp4.0123456789ab.tmp`,
      `${'d'.repeat(64)}.mp4.0123456789ab.tmp`,
      'notes.txt',
    ];
    for (const name of names) await writeFile(join(runFolder, layout.outputs, name), 'x');
    const next = new SegmentUpscaler(sampleUpscalerSpec(), new ScriptedEngine(), {
      frames: new MemoryFrames(),
      objectPathOf: String,
      runFolder,
      clock: systemClock,
      log: () => undefined,
    });
    await next.run(sampleSegment(), quiet);
    expect(await namesThere()).toEqual([`${'a'.repeat(64)}.mp4`, ...names.slice(1)].sort());
  });
});

it('a probe says how many lanes there are; batches are counted by those that were asked for', async () => {
  const engine = new ScriptedEngine(({ request: { lanes } }) => {
    if (lanes > 1) throw new LaneError('out-of-memory', 'no memory');
  });
  engine.isProbed = true;
  const { upscaler, framesOf } = rig(engine, { spec: { lanes: 3, is_lane_count_open: true } });
  const task = sampleSegment({ repeats: ones(40) });
  expect(await upscaler.run(task, quiet)).toMatchObject({ lanes: 1, batch_size: 8 });
  expect(await framesOf(task)).toEqual(numbers(40));
  expect(upscaler.laneStatus().map((lane) => lane.completed_batches)).toEqual([2, 2, 1]);
  await upscaler.stop();
  expect(engine.openLanes).toBe(0);
});
