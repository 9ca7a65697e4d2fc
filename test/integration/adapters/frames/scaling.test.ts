import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { FfmpegFrameTool } from '../../../../src/adapters/frames/ffmpeg-frame-tool.ts';
import { type FrameFormat, frameBytes } from '../../../../src/core/frames/frame-format.ts';
import type { FrameFilter } from '../../../../src/ports/frame-tool.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';
import { noAbort, tagLikeBytes } from './rig.ts';

const tool = new FfmpegFrameTool();
const small = (pixelFormat: string): FrameFormat => ({ width: 48, height: 26, pixelFormat });
const large = (pixelFormat: string): FrameFormat => ({ width: 96, height: 52, pixelFormat });

/** Starts a filter and ends it when the test is done. */
function start(pixelFormat: string, signal: AbortSignal = noAbort) {
  const filter = tool.startScaling(small(pixelFormat), large(pixelFormat), null, signal);
  return own(filter);
}

function own(filter: FrameFilter) {
  return { filter, [Symbol.asyncDispose]: () => filter.close() };
}

function frame(pixelFormat: string, value: (byte: number) => number): Buffer {
  return Buffer.from(Array.from({ length: frameBytes(small(pixelFormat)) }, (_, byte) => value(byte)));
}

it.each(['gray', 'yuv420p', 'yuv422p', 'yuv444p', 'rgb24'])(
  'keeps flat values exactly: %s',
  async (format) => {
    await using lane = start(format);
    for (const value of [0, 1, 90, 254, 255]) {
      const [result] = await lane.filter.filter([frame(format, () => value)]);
      expect(result?.length).toBe(frameBytes(large(format)));
      expect(new Set(result)).toEqual(new Set([value]));
    }
  },
);

it.each(['gray10le', 'yuv420p10le', 'rgb48le'])(
  'keeps flat values of more than 8 bits exactly: %s',
  async (format) => {
    await using lane = start(format);
    const samples = Buffer.alloc(frameBytes(small(format)));
    for (let at = 0; at < samples.length; at += 2) samples.writeUInt16LE(517, at);
    const [result] = await lane.filter.filter([samples]);
    expect(new Set(new Uint16Array(Uint8Array.from(result ?? []).buffer))).toEqual(new Set([517]));
  },
);

it('gives as many frames as it gets, in order, without waiting for more', async () => {
  await using lane = start('gray');
  for (const count of [1, 1, 3, 8]) {
    const frames = Array.from({ length: count }, (_, index) => frame('gray', () => 10 * index));
    const results = await lane.filter.filter(frames);
    expect(results.map((result) => result[0])).toEqual(frames.map((each) => each[0]));
  }
});

it('scales each colour by itself', async () => {
  await using lane = start('rgb24');
  const redEdge = frame('rgb24', (byte) => (byte % 3 === 0 && byte % 144 < 72 ? 255 : 0));
  const [result] = await lane.filter.filter([redEdge]);
  expect(result?.filter((_, byte) => byte % 3 !== 0).some((value) => value !== 0)).toBe(false);
});

it('keeps chroma where it sits', async () => {
  await using lane = start('yuv420p');
  // A ramp across: chroma sample i lies at luma 2i, so the upscaled one j lies at j / 2 of the source's samples.
  const luma = 48 * 26;
  const ramp = frame('yuv420p', (byte) => (byte < luma ? 128 : 8 * ((byte - luma) % 24)));
  const [result] = await lane.filter.filter([ramp]);
  const row = result?.subarray(96 * 52 + 48 * 10, 96 * 52 + 48 * 11) ?? [];
  for (const column of [16, 17, 24, 25])
    expect(Math.abs((row[column] ?? 0) - 4 * column)).toBeLessThanOrEqual(1);
});

it('fails with the last words of a program that dies', async () => {
  const program = join(await temporaryFolder(), 'dying');
  await writeFile(program, '#!/bin/sh\necho "no memory left" >&2\nexit 3\n', { mode: 0o755 });
  const filter = new FfmpegFrameTool({ ffmpeg: program }).startScaling(
    small('gray'),
    large('gray'),
    null,
    noAbort,
  );
  await expect(filter.filter([frame('gray', () => 1)])).rejects.toMatchObject({
    code: 'frames-failed',
    message: 'Scaling from 48x26 to 96x52 failed: ffmpeg ended with 3 and said "no memory left".',
  });
  await filter.close();
});

it('rejects a pending call with the reason when aborted', async () => {
  const controller = new AbortController();
  await using lane = start('gray', controller.signal);
  const pending = lane.filter.filter([frame('gray', () => 1).subarray(1)]);
  const reason = new Error('enough');
  controller.abort(reason);
  await expect(pending).rejects.toBe(reason);
});

it('says when ffmpeg is missing', async () => {
  const bare = new FfmpegFrameTool({ ffmpeg: '/missing/ffmpeg' });
  const filter = bare.startScaling(small('gray'), large('gray'), null, noAbort);
  await expect(filter.filter([frame('gray', () => 1)])).rejects.toMatchObject({
    code: 'prerequisite-missing',
  });
  await filter.close();
  await filter.close();
});

it.each([
  { name: '1x1', size: { width: 1, height: 1 }, start: [7] },
  { name: '2x2', size: { width: 2, height: 2 }, start: [1, 2, 3, 4] },
  { name: 'pixels like an ID3 tag', size: { width: 16, height: 16 }, start: tagLikeBytes },
])('takes frames of any size and content, one at a time: $name', async ({ size, start: bytes }) => {
  const format = { ...size, pixelFormat: 'gray' };
  await using lane = own(tool.startScaling(format, format, null, noAbort));
  for (const fill of [0, 200]) {
    const data = Buffer.alloc(frameBytes(format), fill).fill(Buffer.from(bytes), 0, bytes.length);
    const [result] = await lane.filter.filter([data]);
    expect(Buffer.from(result ?? []).equals(data)).toBe(true);
  }
});
