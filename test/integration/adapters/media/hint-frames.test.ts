import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FfmpegMediaTool } from '../../../../src/adapters/media/ffmpeg-media-tool.ts';
import { parseHint } from '../../../../src/adapters/media/hint-frames.ts';
import { Mp4FormatError } from '../../../../src/adapters/mp4/boxes.ts';
import { makeClip } from '../../../support/clips.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

const folder = await temporaryFolder();
const tool = new FfmpegMediaTool({ hintFolder: join(folder, 'hints') });
const source = await makeClip(join(folder, 'clip.mp4'), { seconds: 2 });
const video = await tool.probe(source);
const request = { sourcePath: source, video, size: { width: 160, height: 90 }, frames: 4, fps: 4 };
const hint = await tool.makeHint(request);
const whole = await readFile(hint.path);

it('takes every frame out of a hint, whole and in order', async () => {
  const jpegs = await tool.readJpegFrames(hint.path);
  expect(jpegs).toHaveLength(4);
  for (const jpeg of jpegs) {
    expect([...jpeg.subarray(0, 2), ...jpeg.subarray(-2)]).toEqual([0xff, 0xd8, 0xff, 0xd9]);
  }
  const places = jpegs.map((jpeg) => whole.indexOf(jpeg));
  expect(places).toEqual([...places].sort((a, b) => a - b));
});

describe('anything else is refused with a reason', () => {
  it.each([
    { rule: 'a video that is no hint', make: async () => await readFile(source) },
    { rule: 'text', make: async () => Buffer.from('no video') },
    { rule: 'one lone JPEG', make: async () => Buffer.from((await tool.readJpegFrames(hint.path))[0] ?? []) },
    { rule: 'a hint without its last byte', make: async () => whole.subarray(0, -1) },
    { rule: 'the first half of a hint', make: async () => whole.subarray(0, whole.length / 2) },
  ])('$rule', async ({ rule, make }) => {
    const path = join(folder, `${rule}.mp4`);
    await writeFile(path, await make());
    const refusal = { code: 'video-unreadable', message: expect.stringContaining(rule) };
    await expect(tool.readJpegFrames(path)).rejects.toMatchObject(refusal);
    await expect(tool.readRgbFrames(path)).rejects.toMatchObject(refusal);
  });

  it('a file that is not there', async () => {
    await expect(tool.readJpegFrames(join(folder, 'gone.mp4'))).rejects.toMatchObject({
      code: 'video-unreadable',
    });
  });
});

it('never crashes, hangs or reads outside the file, whatever bytes are changed', () => {
  const place = fc.integer({ min: 0, max: whole.length - 1 });
  const tables = fc.integer({ min: whole.indexOf('moov'), max: whole.length - 4 });
  const change = fc.record({ at: fc.oneof(place, tables), value: fc.constantFrom(0, 1, 0x7f, 0x80, 0xff) });
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 8 }), place, (changes, length) => {
      const damaged = Buffer.from(whole);
      for (const { at, value } of changes) damaged[at] = value;
      for (const bytes of [damaged, damaged.subarray(0, length)]) {
        try {
          for (const frame of parseHint(bytes).frames) expect(frame.length).toBeLessThanOrEqual(bytes.length);
        } catch (error) {
          expect(error).toBeInstanceOf(Mp4FormatError);
        }
      }
    }),
    { numRuns: 2000, seed: 7 },
  );
});
