import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32, deflateSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { FfmpegPictureTool } from '../../../../src/adapters/frames/ffmpeg-picture-tool.ts';
import { essentialParts } from '../../../../src/adapters/frames/picture-files.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';
import { ffmpeg, noAbort, tagLikeBytes } from './rig.ts';

const folder = await temporaryFolder();
const tool = new FfmpegPictureTool();
const maxPixels = 10_000;

/** A test picture of 61x33 as a file. */
async function picture(name: string, ...options: string[]): Promise<Buffer> {
  const path = join(folder, name);
  ffmpeg(
    '-f',
    'lavfi',
    '-i',
    'testsrc2=s=62x34',
    '-frames:v',
    '1',
    '-vf',
    'crop=61:33:0:0:exact=1',
    ...options,
    path,
  );
  return await readFile(path);
}

const rgbOf = (name: string) => ffmpeg('-i', join(folder, name), '-pix_fmt', 'rgb24', '-f', 'rawvideo', '-');

it('reads PNG exactly, and writes it so that it reads the same', async () => {
  const file = await picture('a.png', '-pix_fmt', 'rgb24');
  const found = await tool.decodePicture(file, maxPixels, noAbort);
  expect(found).toMatchObject({ width: 61, height: 33 });
  expect(Buffer.from(found.data).equals(rgbOf('a.png'))).toBe(true);
  const again = await tool.decodePicture(await tool.encodePng(found, noAbort), maxPixels, noAbort);
  expect(Buffer.from(again.data).equals(Buffer.from(found.data))).toBe(true);
});

it.each([
  { kind: 'gray PNG', name: 'gray.png', options: ['-pix_fmt', 'gray'] },
  { kind: 'PNG with transparency', name: 'alpha.png', options: ['-pix_fmt', 'rgba'] },
  { kind: 'PNG with a palette', name: 'palette.png', options: ['-pix_fmt', 'pal8'] },
  { kind: 'PNG of 16 bits', name: 'deep.png', options: ['-pix_fmt', 'rgb48be'] },
  { kind: 'JPEG', name: 'a.jpg', options: ['-pix_fmt', 'yuvj420p', '-q:v', '2'] },
  { kind: 'gray JPEG', name: 'gray.jpg', options: ['-pix_fmt', 'gray', '-q:v', '2', '-strict', '-1'] },
])('reads $kind as RGB of 8 bits', async ({ name, options }) => {
  const file = await picture(name, ...options);
  const { width, height, data } = await tool.decodePicture(file, maxPixels, noAbort);
  expect({ width, height }).toEqual({ width: 61, height: 33 });
  const wanted = rgbOf(name);
  const error = data.reduce((sum, value, at) => sum + Math.abs(value - (wanted[at] ?? 0)), 0) / data.length;
  expect(error).toBeLessThan(2);
});

const png = await picture('whole.png', '-pix_fmt', 'rgb24');
const jpeg = await picture('whole.jpg', '-q:v', '2');

it.each([
  { kind: 'nothing', file: Buffer.alloc(0), reason: 'neither a PNG nor' },
  { kind: 'a GIF', file: await picture('a.gif'), reason: 'neither a PNG nor' },
  { kind: 'a PNG that is cut off', file: png.subarray(0, png.length / 2), reason: '' },
  { kind: 'a PNG that is only a header', file: png.subarray(0, 33), reason: '' },
  { kind: 'a PNG with a damaged chunk', file: Buffer.from(png).fill(0, 300, 310), reason: '' },
  { kind: 'a JPEG that is cut off', file: jpeg.subarray(0, jpeg.length / 2), reason: 'neither a PNG nor' },
])('refuses $kind', async ({ file, reason }) => {
  await expect(tool.decodePicture(file, maxPixels, noAbort)).rejects.toMatchObject({
    code: 'picture-unreadable',
    message: expect.stringContaining(reason),
  });
});

it.each([
  { kind: 'PNG', file: png },
  { kind: 'JPEG', file: jpeg },
])('refuses a $kind that is too large before it is decoded', async ({ file }) => {
  const blind = new FfmpegPictureTool({ ffmpeg: '/missing/ffmpeg' });
  await expect(blind.decodePicture(file, 61 * 33 - 1, noAbort)).rejects.toMatchObject({
    code: 'picture-unreadable',
    message: 'The picture cannot be read: it has 61x33 pixels; at most 2012 are accepted.',
  });
  await expect(blind.decodePicture(file, 61 * 33, noAbort)).rejects.toMatchObject({
    code: 'prerequisite-missing',
  });
});

it('believes the header, and not a picture that is larger than it', async () => {
  const lying = Buffer.from(png);
  lying.writeUInt32BE(8, 16);
  await expect(tool.decodePicture(lying, maxPixels, noAbort)).rejects.toMatchObject({
    code: 'picture-unreadable',
  });
});

it('ends when aborted', async () => {
  const reason = new Error('enough');
  await expect(tool.decodePicture(png, maxPixels, AbortSignal.abort(reason))).rejects.toBe(reason);
});

it.each([
  { name: '1x1', width: 1, height: 1, pixels: [1, 2, 3] },
  { name: '3 in a row', width: 3, height: 1, pixels: [9, 8, 7, 6, 5, 4, 3, 2, 1] },
  { name: 'pixels like an ID3 tag', width: 4, height: 1, pixels: [...tagLikeBytes, 1, 2] },
])('writes and reads the smallest pictures: $name', async ({ width, height, pixels }) => {
  const data = Uint8Array.from(pixels);
  const file = await tool.encodePng({ width, height, data }, noAbort);
  const found = await tool.decodePicture(file, maxPixels, noAbort);
  expect({ ...found, data: [...found.data] }).toEqual({ width, height, data: pixels });
});

it.each(['zTXt', 'iCCP', 'iTXt', 'acTL', 'abCd'])(
  'gives the decoder nothing of a PNG that pixels do not need: %s',
  (chunk) => {
    const data = deflateSync(Buffer.alloc(100_000));
    const head = Buffer.alloc(8);
    head.writeUInt32BE(data.length);
    head.write(chunk, 4, 'latin1');
    const checksum = Buffer.alloc(4);
    checksum.writeUInt32BE(crc32(Buffer.concat([head.subarray(4), data])));
    // After the signature and the header chunk.
    const bloated = Buffer.concat([png.subarray(0, 33), head, data, checksum, png.subarray(33)]);
    const bare = Buffer.from(essentialParts(png, 'png'));
    expect(Buffer.from(essentialParts(bloated, 'png')).equals(bare)).toBe(true);
    expect(Buffer.from(essentialParts(Buffer.concat([png, bloated]), 'png')).equals(bare)).toBe(true);
  },
);

it('leaves remarks out of a JPEG, but not the note on its colours', async () => {
  const segment = (marker: number, data: string) =>
    Buffer.concat([Buffer.from([0xff, marker, 0, data.length + 2]), Buffer.from(data, 'latin1')]);
  const bare = Buffer.from(essentialParts(jpeg, 'jpeg'));
  const remarks = [0xe1, 0xe2, 0xef, 0xfe].map((marker) => segment(marker, 'a remark'));
  const adobe = segment(0xee, 'Adobe\0d\0\0\0\0\x01');
  const rest = bare.subarray(2);
  const bloated = Buffer.concat([bare.subarray(0, 2), ...remarks, adobe, rest]);
  const expected = Buffer.concat([bare.subarray(0, 2), adobe, rest]);
  expect(Buffer.from(essentialParts(bloated, 'jpeg')).equals(expected)).toBe(true);
  expect(await tool.decodePicture(bloated, maxPixels, noAbort)).toEqual(
    await tool.decodePicture(jpeg, maxPixels, noAbort),
  );
});
