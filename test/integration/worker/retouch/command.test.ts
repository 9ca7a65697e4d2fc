import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type FrameFormat, frameBytes } from '../../../../src/core/frames/frame-format.ts';
import { RgbConverter } from '../../../../src/core/frames/rgb-frames.ts';
import type { RetoucherSpec } from '../../../../src/protocol/retouch.ts';
import { CommandEngine } from '../../../../src/worker/retouch/command-engine.ts';
import type { CropFrame, CropRun } from '../../../../src/worker/retouch/crop-engine.ts';
import { sampleRetoucherSpec } from '../../../support/memory-frames.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

const folder = await temporaryFolder();
const color = { range: null, space: null, primaries: null, transfer: null, chroma_location: null };
const format: FrameFormat = { width: 12, height: 10, pixelFormat: 'yuv444p' };
const log: string[] = [];
let programs = 0;

async function engineOf(
  script: string,
  words: readonly string[] = [],
  { stallTimeoutMs, ...more }: Partial<RetoucherSpec> & { stallTimeoutMs?: number } = {},
) {
  const path = join(folder, `program ${programs++}.mjs`);
  await writeFile(path, script);
  const spec = sampleRetoucherSpec({
    kind: 'command',
    command: [process.execPath, path, ...words],
    command_folder: folder,
    context_frames: 0,
    ...more,
  });
  return new CommandEngine(spec, {
    environment: process.env,
    log: (line) => log.push(line),
    ...(stallTimeoutMs !== undefined && { stallTimeoutMs }),
  });
}

function sampleCrop(seed: number, of = format): CropFrame {
  const samples = new Uint8Array(frameBytes(of));
  const pixels = of.width * of.height;
  for (let at = 0; at < samples.length; at++)
    samples[at] = at < pixels ? 60 + ((at * 31 + seed * 17) % 120) : 120 + ((at + seed) % 16);
  const mask = Uint8Array.from({ length: pixels }, (_, at) => (at % of.width > 6 ? 255 : 0));
  return { samples, mask, isWanted: true };
}

async function processed(
  engine: CommandEngine,
  crops: readonly CropFrame[],
  { signal = new AbortController().signal, frames = crops.length } = {},
): Promise<Uint8Array[]> {
  const run: CropRun = { format, color, box: { x: 7, y: 0, width: 5, height: 10 }, frames };
  const given = async function* () {
    yield* crops;
  };
  const made: Uint8Array[] = [];
  for await (const crop of engine.process(run, given(), signal)) made.push(crop);
  return made;
}

const crops = [1, 2, 3, 4, 5].map((seed) => sampleCrop(seed));
/** Reads all of its input into `all`, and knows the sides. */
const readsAll = `
  const [, , width, height, frames] = process.argv.map(Number);
  let all = [];
  for await (const chunk of process.stdin) all.push(chunk);
  all = Buffer.concat(all);
  const pixels = width * height;
`;
const sides = ['{width}', '{height}', '{frames}', '{format}'];

it('the example of the docs fills with the mean of what is known', async () => {
  const docs = await readFile(new URL('../../../../docs/retouch.md', import.meta.url), 'utf8');
  const [, script = ''] = /```js\n([^`]*)```/.exec(docs) ?? [];
  const engine = await engineOf(script, ['{width}', '{height}']);
  const made = await processed(engine, crops);
  const converter = new RgbConverter(format, color, 255);
  expect(made).toHaveLength(crops.length);
  for (const [at, crop] of crops.entries()) {
    const [before, after] = [crop.samples, made[at] ?? new Uint8Array()].map((each) => converter.toRgb(each));
    const known: number[] = [];
    const filled = new Set<number>();
    for (let pixel = 0; pixel < 120; pixel++) {
      const isKnown = crop.mask?.[pixel] === 0;
      if (isKnown) known.push(before?.[3 * pixel] ?? 0);
      else filled.add(after?.[3 * pixel] ?? 0);
      if (isKnown) expect(Math.abs((before?.[3 * pixel] ?? 0) - (after?.[3 * pixel] ?? 0))).toBeLessThan(3);
    }
    const mean = known.reduce((sum, each) => sum + each, 0) / known.length;
    expect(filled.size).toBe(1);
    for (const each of filled) expect(Math.abs(each - mean)).toBeLessThan(3);
  }
});

it('may answer when it has seen everything, gets frames before and after with an empty mask, and 16 bits where they are asked for', async () => {
  const engine = await engineOf(
    `${readsAll}
    const bytes = process.argv[5] === 'rgb48le' ? 2 : 1;
    const size = (3 * bytes + 1) * pixels;
    if (all.length !== frames * size) throw new Error('got ' + all.length);
    for (let at = frames - 1; at >= 0; at--) {
      const mask = all.subarray(at * size + 3 * bytes * pixels, (at + 1) * size);
      console.error('masked', mask.filter((each) => each === 255).length);
    }
    for (let at = 0; at < frames; at++) process.stdout.write(all.subarray(at * size, at * size + 3 * bytes * pixels));`,
    sides,
    { command_format: 'rgb48le' },
  );
  const outer: CropFrame = { ...sampleCrop(9), mask: null, isWanted: false };
  const given = [outer, ...crops, outer];
  log.length = 0;
  const made = await processed(engine, given);
  // 16 bits lose nothing.
  expect(made).toEqual(given.map(({ samples }) => samples));
  expect(log).toEqual(['masked 0', ...crops.map(() => 'masked 50'), 'masked 0']);
});

it('runs one at a time, whichever is asked first', async () => {
  const engine = await engineOf(
    `${readsAll} console.error('begins'); process.stdout.write(Buffer.alloc(3 * pixels * frames));
    process.stdout.on('finish', () => console.error('ends')); process.stdout.end();`,
    sides,
  );
  log.length = 0;
  await Promise.all([1, 2, 3].map(() => processed(engine, crops)));
  expect(log).toEqual(['begins', 'ends', 'begins', 'ends', 'begins', 'ends']);
});

describe('a program that goes wrong', () => {
  const cases = [
    {
      way: 'crashes',
      script: "console.error('no weights here'); process.exit(3)",
      said: /0 of 5 frames \(exit code 3\).*no weights here/,
    },
    { way: 'is killed', script: "process.kill(process.pid, 'SIGKILL')", said: /signal SIGKILL/ },
    {
      way: 'writes too little',
      script: `${readsAll} process.stdout.write(all.subarray(0, 3 * pixels))`,
      said: /1 of 5 frames \(exit code 0\)/,
    },
    {
      way: 'writes too much',
      script: `${readsAll} process.stdout.write(all)`,
      said: /more than 5 frames of 360 bytes/,
    },
    {
      way: 'hangs',
      script: 'setInterval(() => undefined, 1000); process.stdin.resume()',
      stallTimeoutMs: 300,
      said: /did nothing for 0.3 s/,
    },
    {
      way: 'hangs when it is done',
      stallTimeoutMs: 300,
      script: `${readsAll} process.stdout.write(Buffer.alloc(15 * pixels)); setInterval(() => undefined, 1000)`,
      said: /did nothing/,
    },
    {
      way: 'says that it failed',
      script: `${readsAll} process.stdout.write(Buffer.alloc(15 * pixels)); process.exitCode = 4`,
      said: /exit code 4/,
    },
  ];
  it.each(cases)('$way', async ({ script, said, ...more }) => {
    const failure = processed(await engineOf(script, sides, more), crops);
    await expect(failure).rejects.toMatchObject({
      ...{ name: 'EngineError', code: 'engine-crashed', class: 'transient' },
      message: expect.stringMatching(said),
    });
  });

  it('is not there', async () => {
    const engine = await engineOf('', [], { command: ['/no/such/program'] });
    await expect(processed(engine, crops)).rejects.toMatchObject({
      ...{ name: 'EngineError', class: 'fatal' },
      message: expect.stringMatching(/cannot be started.*ENOENT.*where the worker runs/),
    });
  });

  it('is ended when the segment is', async () => {
    const stop = new AbortController();
    const engine = await engineOf("console.error('here'); setInterval(() => undefined, 1000)");
    log.length = 0;
    const failure = processed(engine, crops, { signal: stop.signal });
    setTimeout(() => stop.abort(new Error('enough')), 300);
    await expect(failure).rejects.toThrow('enough');
  });
});
