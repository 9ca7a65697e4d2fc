import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { probeWithFfprobe } from '../../../../src/adapters/media/probe.ts';
import { quickProbe, readMp4Video } from '../../../../src/adapters/media/quick-probe.ts';

import { findBox } from '../../../../src/adapters/mp4/boxes.ts';
import { type ClipOptions, makeClip } from '../../../support/clips.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

const folder = await temporaryFolder();
const run = promisify(execFile);
const ffprobe = (path: string) =>
  probeWithFfprobe(path, { program: 'ffprobe', timeoutMs: 20_000, signal: undefined });

type Make = (path: string) => Promise<unknown>;
const clip =
  (options: ClipOptions): Make =>
  (path) =>
    makeClip(path, options);

/** Copies a clip of two seconds, possibly with a start in its middle. */
const copied =
  (before: readonly string[], after: readonly string[]): Make =>
  async (path) => {
    const source = await makeClip(join(folder, 'whole.mp4'), {
      seconds: 2,
      codec: 'h264bframes',
      audio: true,
    });
    await run('ffmpeg', ['-v', 'error', '-y', ...before, '-i', source, '-c', 'copy', ...after, path]);
  };

/** As encoders other than ffmpeg write it: no `pasp` box, and the coded size in the track header if asked for. */
const withoutAspect =
  (options: ClipOptions, trackSize?: readonly [number, number]): Make =>
  async (path) => {
    const bytes = await readFile(await makeClip(path, options));
    expect(bytes.includes('pasp')).toBe(true);
    bytes.write('skip', bytes.indexOf('pasp'), 'latin1');
    const sizeAt = bytes.indexOf('tkhd') + 4 + 76;
    for (const [index, side] of (trackSize ?? []).entries())
      bytes.writeUInt32BE(side * 0x10000, sizeAt + index * 4);
    await writeFile(path, bytes);
  };

describe('agrees with ffprobe wherever it answers', () => {
  it.each<{ rule: string; name?: string; make: Make; isQuick: boolean }>([
    { rule: 'plain', make: clip({ width: 1280, height: 720 }), isQuick: true },
    { rule: 'portrait', make: clip({ width: 1080, height: 1920 }), isQuick: true },
    { rule: 'turned by 90', make: clip({ rotation: 90 }), isQuick: true },
    { rule: 'turned by 180', make: clip({ rotation: 180 }), isQuick: true },
    { rule: 'turned by 270', name: 'a.mov', make: clip({ rotation: 270 }), isQuick: true },
    { rule: 'anamorphic', make: clip({ width: 720, height: 576, sar: '64:45' }), isQuick: true },
    {
      rule: 'anamorphic and turned',
      make: clip({ width: 720, height: 576, sar: '4:3', rotation: 90 }),
      isQuick: true,
    },
    { rule: 'tall samples', make: clip({ width: 320, height: 240, sar: '3:4' }), isQuick: true },
    {
      rule: 'aspect only in the stream',
      make: withoutAspect({ width: 720, height: 576, sar: '64:45' }, [720, 576]),
      isQuick: true,
    },
    {
      rule: 'aspect of a standard kind',
      make: withoutAspect({ width: 720, height: 480, sar: '40:33' }, [720, 480]),
      isQuick: true,
    },
    {
      rule: 'aspect only in the track',
      make: withoutAspect({ width: 720, height: 480, sar: '40:33' }),
      isQuick: false,
    },
    {
      rule: 'no aspect and no track size',
      make: withoutAspect({ width: 640, height: 480 }, [0, 0]),
      isQuick: true,
    },
    { rule: 'no aspect at all', make: withoutAspect({ width: 640, height: 480 }), isQuick: true },
    { rule: 'odd sides', make: clip({ width: 853, height: 481, pixelFormat: 'yuv444p' }), isQuick: true },
    { rule: 'sides that need cropping', make: clip({ width: 1920, height: 1080 }), isQuick: true },
    {
      rule: '4:2:2 and 10 bits',
      make: clip({ width: 642, height: 362, pixelFormat: 'yuv422p10le' }),
      isQuick: true,
    },
    {
      rule: 'interlaced',
      make: clip({ width: 720, height: 576, outputOptions: ['-flags', '+ilme+ildct'] }),
      isQuick: true,
    },
    { rule: 'one frame', make: clip({ frames: 1 }), isQuick: true },
    { rule: 'two frames', make: clip({ frames: 2, codec: 'h264bframes' }), isQuick: true },
    { rule: 'short', make: clip({ seconds: 0.3 }), isQuick: true },
    { rule: 'NTSC rate', make: clip({ fps: '30000/1001' }), isQuick: true },
    { rule: 'B-frames', make: clip({ codec: 'h264bframes', seconds: 2 }), isQuick: true },
    { rule: 'sound first', make: clip({ audio: 'first', seconds: 2 }), isQuick: true },
    { rule: 'index first', make: clip({ outputOptions: ['-movflags', '+faststart'] }), isQuick: true },
    {
      rule: 'uneven frame times',
      make: clip({ seconds: 2, outputOptions: ['-vf', "select='lt(n,9)+gt(n,40)'", '-vsync', 'vfr'] }),
      isQuick: true,
    },
    { rule: 'started in the middle', make: copied(['-ss', '0.77'], []), isQuick: false },
    { rule: 'cut at the end', make: copied([], ['-t', '0.9']), isQuick: false },
    {
      rule: 'fragmented',
      make: clip({ outputOptions: ['-movflags', 'frag_keyframe+empty_moov'] }),
      isQuick: false,
    },
    { rule: 'HEVC', make: clip({ codec: 'hevc' }), isQuick: false },
    { rule: 'MPEG-4', make: clip({ codec: 'mpeg4' }), isQuick: false },
    { rule: 'ProRes', name: 'b.mov', make: clip({ codec: 'prores' }), isQuick: false },
    { rule: 'two videos', make: copied([], ['-map', '0:v', '-map', '0:v']), isQuick: false },
    { rule: 'Matroska', name: 'c.mkv', make: clip({}), isQuick: false },
    { rule: 'WebM', name: 'd.webm', make: clip({}), isQuick: false },
    { rule: 'AVI', name: 'e.avi', make: clip({}), isQuick: false },
    { rule: 'GIF', name: 'f.gif', make: clip({}), isQuick: false },
  ])('$rule', async ({ name = 'clip.mp4', make, isQuick }) => {
    const path = join(folder, name);
    await make(path);
    const quick = await quickProbe(path);
    expect(quick !== null).toBe(isQuick);
    if (!quick) return;
    const full = await ffprobe(path);
    expect([quick.width, quick.height, quick.frames]).toEqual([full.width, full.height, full.frames]);
    expect(Math.abs(quick.durationSeconds - full.durationSeconds)).toBeLessThan(0.002);
  });

  it.each(['missing', 'empty', 'text'])('leaves what it cannot read to ffprobe: %s', async (rule) => {
    const path = join(folder, `${rule}.mp4`);
    if (rule !== 'missing') await writeFile(path, rule === 'text' ? 'ftypmoov and no more of it' : '');
    expect(await quickProbe(path)).toBeNull();
  });
});

it('never crashes or hangs on a damaged index, and answers only with sane numbers', async () => {
  const bytes = await readFile(
    await makeClip(join(folder, 'damaged.mp4'), { audio: true, codec: 'h264bframes' }),
  );
  const moov = findBox(bytes, ['moov']) ?? Buffer.alloc(0);
  expect(readMp4Video(moov)).toMatchObject({ width: 320, height: 180 });
  const place = fc.integer({ min: 0, max: moov.length - 1 });
  const change = fc.record({ at: place, value: fc.constantFrom(0, 1, 0x7f, 0x80, 0xff) });
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 6 }), place, (changes, length) => {
      const damaged = Buffer.from(moov);
      for (const { at, value } of changes) damaged[at] = value;
      for (const index of [damaged, damaged.subarray(0, length)]) {
        const info = readOrNull(index);
        if (!info) continue;
        expect(Object.values(info).every((value) => Number.isFinite(value) && value > 0)).toBe(true);
        expect(info.frames).toBeLessThan(2 ** 32);
      }
    }),
    { numRuns: 3000, seed: 11 },
  );
});

function readOrNull(moov: Buffer) {
  try {
    return readMp4Video(moov);
  } catch (error) {
    expect(['Mp4FormatError', 'RangeError']).toContain(error instanceof Error ? error.name : '');
    return null;
  }
}
