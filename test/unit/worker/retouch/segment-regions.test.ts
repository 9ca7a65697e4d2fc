import { expect, it } from 'vitest';
import { type FrameFormat, frameBytes } from '../../../../src/core/frames/frame-format.ts';
import { contextAround, type Region, regionsWithin } from '../../../../src/core/regions/place-region.ts';
import { objectsOf } from '../../../../src/protocol/manifest.ts';
import { type RetouchTask, retoucherSpecSchema } from '../../../../src/protocol/retouch.ts';
import { CommandEngine } from '../../../../src/worker/retouch/command-engine.ts';
import { type CropEngine, type CropFrame, windowed } from '../../../../src/worker/retouch/crop-engine.ts';
import { plainEngine } from '../../../../src/worker/retouch/plain-engines.ts';
import { SegmentRegions } from '../../../../src/worker/retouch/segment-regions.ts';
import { sampleSegment } from '../../../support/memory-frames.ts';

const frameCount = 60;
const format: FrameFormat = { width: 32, height: 24, pixelFormat: 'yuv420p' };
const timeline = {
  times: Float64Array.from({ length: frameCount }, (_, at) => at),
  uniqueFrames: Int32Array.from({ length: frameCount }, (_, at) => at),
};
const spec = retoucherSpecSchema.parse({
  ...{ kind: 'blur', batch_size: 8, lanes: 1, model: null, strength: 100, color: '#000000' },
  ...{ dilate_px: 1, feather_px: 2 },
  encoding: { crf: 18, preset: 'medium', threads: 1 },
});

/** Noise that differs from frame to frame. */
function frameOf(unique: number): Uint8Array {
  return Uint8Array.from({ length: frameBytes(format) }, (_, at) => (at * 31 + unique * unique * 7) % 251);
}

/** The mean of the frames around each one, with the number of masked pixels in them. */
function averaging(radius: number): CropEngine & { wanted: number } {
  const engine = {
    ...{ radiusFrames: radius, lookaheadFrames: radius, wanted: 0 },
    reachPx: () => 4,
    start: async () => undefined,
    process: (_run: unknown, crops: AsyncIterable<CropFrame>) =>
      windowed(crops, radius, ({ frames, at }) => {
        engine.wanted += 1;
        const masked = frames.reduce(
          (sum, { mask }) => sum + (mask?.filter((each) => each > 0).length ?? 0),
          0,
        );
        return Uint8Array.from(
          frames[at]?.samples ?? [],
          (_, index) =>
            (masked + frames.reduce((sum, { samples }) => sum + (samples[index] ?? 0), 0)) / frames.length,
        );
      }),
    stop: async () => undefined,
  };
  return engine;
}

function taskOf(firstUnique: number, uniqueFrames: number, regions: readonly Region[], radius: number) {
  const own = { firstUnique, uniqueFrames };
  const context = contextAround(own, regions, timeline, radius);
  const decoded = {
    firstUnique: firstUnique - context.before,
    uniqueFrames: uniqueFrames + context.before + context.after,
  };
  const task: RetouchTask = {
    ...sampleSegment(),
    repeats: Array.from({ length: decoded.uniqueFrames }, () => 1),
    context,
    masks: null,
    regions: regionsWithin(decoded, regions, timeline).map(({ first, count, box }) => ({
      ...{ first_unique: first, unique_frames: count, box },
    })),
  };
  return { task, first: decoded.firstUnique, context };
}

async function processed(
  segments: readonly (readonly [first: number, count: number])[],
  regions: readonly Region[],
  engine: CropEngine,
): Promise<Uint8Array[]> {
  const frames: Uint8Array[] = [];
  for (const [firstUnique, count] of segments) {
    const { task, first, context } = taskOf(firstUnique, count, regions, engine.radiusFrames);
    const segment = new SegmentRegions(task, format, { spec, engine, textOf: String });
    const { signal } = new AbortController();
    const made = await Promise.all(
      task.repeats.map((_, unique) => segment.process(frameOf(first + unique), unique, signal)),
    );
    frames.push(...made.slice(context.before, context.before + count));
    await segment.close();
  }
  return frames;
}

const box = { x: 10, y: 8, width: 8, height: 6 };

it.each([
  ['over all frames', [{ firstFrame: 0, frames: frameCount, box }]],
  ['that begins and ends beside a border', [{ firstFrame: 25, frames: 11, box }]],
  [
    'that overlap in place and time',
    [
      { firstFrame: 12, frames: 40, box },
      { firstFrame: 3, frames: 26, box: { ...box, x: 14 } },
      { firstFrame: 33, frames: 20, box: { ...box, y: 4 } },
    ],
  ],
])(
  'an engine that looks ten frames around sees at a border what it sees without one: regions %s',
  async (_, regions) => {
    const whole = await processed([[0, frameCount]], regions, averaging(10));
    expect(whole.some((frame, at) => Buffer.compare(frame, frameOf(at)) !== 0)).toBe(true);
    expect(
      await processed(
        [
          [0, 24],
          [24, 8],
          [32, 28],
        ],
        regions,
        averaging(10),
      ),
    ).toEqual(whole);
  },
);

it('sharpening changes no bit outside mask and feather', async () => {
  const engine = plainEngine('lanczos', { ...spec, strength: 300 });
  const frames = await processed([[0, 3]], [{ firstFrame: 0, frames: 3, box }], engine);
  for (const [unique, frame] of frames.entries()) {
    const before = frameOf(unique);
    const changed = Array.from(frame.subarray(0, 32 * 24)).flatMap((each, at) =>
      each === before[at] ? [] : [{ x: at % 32, y: Math.floor(at / 32) }],
    );
    expect(changed.length).toBeGreaterThan(40);
    // The box grows by 1 to an even one, and by 2 of feather.
    for (const { x, y } of changed) expect(x >= 6 && x < 22 && y >= 4 && y < 18).toBe(true);
    expect(frame.subarray(32 * 24)).toEqual(before.subarray(32 * 24));
  }
});

/** The mean of each frame and those up to ten before and after it, when all have come. */
const averagingProgram = `
  const [width, height, frames] = process.argv.slice(1).map(Number);
  const parts = [];
  for await (const chunk of process.stdin) parts.push(chunk);
  const all = Buffer.concat(parts);
  const size = 3 * width * height;
  const rgb = Array.from({ length: frames }, (_, at) => all.subarray(at * (size + width * height)));
  for (let at = 0; at < frames; at++) {
    const around = rgb.slice(Math.max(0, at - 10), at + 11);
    const mean = (index) => around.reduce((sum, each) => sum + each[index], 0) / around.length;
    process.stdout.write(Uint8Array.from({ length: size }, (_, index) => mean(index)));
  }
`;

it('a program that averages 21 frames gives at a border what it gives without one', async () => {
  const sides = ['{width}', '{height}', '{frames}'];
  const command = [process.execPath, '--input-type=module', '-e', averagingProgram, ...sides];
  const programSpec = { ...spec, kind: 'command', command, context_frames: 10, margin_px: 4 } as const;
  const engine = new CommandEngine(programSpec, { environment: process.env, log: () => undefined });
  const regions = [{ firstFrame: 5, frames: 50, box }];
  const whole = await processed([[0, frameCount]], regions, engine);
  expect(whole.filter((frame, at) => Buffer.compare(frame, frameOf(at)) !== 0)).toHaveLength(50);
  const cuts = [
    [0, 24],
    [24, 8],
    [32, 28],
  ] as const;
  expect(await processed(cuts, regions, engine)).toEqual(whole);
  // Without the frames around it would not.
  const blind = new CommandEngine(
    { ...programSpec, context_frames: 0 },
    { environment: process.env, log: () => undefined },
  );
  expect(await processed(cuts, regions, blind)).not.toEqual(whole);
});

it('takes only the frames around a segment that are looked at, and processes none of them', async () => {
  const regions = [{ firstFrame: 4, frames: 20, box }];
  const contexts = [
    [0, 24],
    [24, 36],
  ].map(([first = 0, count = 0]) => taskOf(first, count, regions, 10).context);
  expect(contexts).toEqual([
    { before: 0, after: 10 },
    { before: 0, after: 0 },
  ]);
  const engine = averaging(10);
  await processed(
    [
      [0, 8],
      [8, 52],
    ],
    regions,
    engine,
  );
  expect(engine.wanted).toBe(20);
});

it.each([
  ['fewer', 'fewer', 1],
  ['more', 'more', -1],
])('an engine that gives back %s crops is found out', async (_, word, missing) => {
  const engine: CropEngine = {
    ...averaging(0),
    process: async function* (run, crops) {
      let left = run.frames - missing;
      for await (const { samples } of crops) {
        if (left-- > 0) yield samples;
      }
      while (left-- > 0) yield new Uint8Array(1);
    },
  };
  await expect(processed([[0, 6]], [{ firstFrame: 0, frames: 6, box }], engine)).rejects.toThrow(word);
});

it('names its file of masks among what its host has to have', () => {
  const { task } = taskOf(0, 8, [{ firstFrame: 0, frames: 6, box }], 0);
  expect(objectsOf(task, spec)).toEqual([task.clip.source]);
  expect(objectsOf({ ...task, masks: 'c'.repeat(64) }, spec)).toEqual([task.clip.source, 'c'.repeat(64)]);
});
