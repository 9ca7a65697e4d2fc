import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { FfmpegVideoTool } from '../../../../src/adapters/video/ffmpeg-video-tool.ts';
import { numberedName, type PictureSeries } from '../../../../src/core/frames/picture-series.ts';
import { makeClip, makePictures } from '../../../support/clips.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

/** Everything that could mean something to ffmpeg or a shell. */
const oddFolder = `100% "it's" %03d\né $(x)`;
const options = { isKeptGoing: false, onProgress: () => undefined };

let folder = '';
let tool: FfmpegVideoTool;

beforeAll(async () => {
  folder = await temporaryFolder();
  tool = new FfmpegVideoTool({ retimedFolder: join(folder, 'copies') });
});

async function series(name: string, frames = 5, ending = '.png', pixelFormat = 'rgb24') {
  const pattern = { folder: join(folder, name), prefix: 'f_', digits: 3, ending };
  await makePictures(pattern.folder, `f_%03d${ending}`, {
    ...{ width: 34, height: 22, frames, first: 8, pixelFormat },
  });
  const numbers = Array.from({ length: frames }, (_, index) => 8 + index);
  const found: PictureSeries = { pattern, numbers, frameRate: { numerator: 24_000, denominator: 1001 } };
  return { found, pathOf: (number: number) => join(pattern.folder, numberedName(pattern, number)) };
}

/** The frames of a file, or of the pictures of a folder, one after the other. */
async function hashesOf(path: string, pixelFormat = 'rgb24'): Promise<string[]> {
  const raw = ['-i', `file:${path}`, '-f', 'framehash', '-pix_fmt', pixelFormat, '-hash', 'md5', '-'];
  const { stdout } = await promisify(execFile)('ffmpeg', ['-v', 'error', ...raw]);
  return stdout.split('\n').flatMap((line) => line.match(/[0-9a-f]{32}$/) ?? []);
}

describe('numbered pictures in one file', () => {
  it.each([
    ['.png', 'rgb48be'],
    ['.jpg', 'yuvj420p'],
    ['.tif', 'rgb24'],
  ])('%s of %s: the same pictures, at exact times', async (ending, pixelFormat) => {
    const { found, pathOf } = await series(`${oddFolder}${ending}`, 5, ending, pixelFormat);
    const joined = await tool.joinPictures(found, options);
    expect(joined).toMatchObject({ numbers: found.numbers, damage: null });
    const facts = await tool.inspect(joined.path);
    expect(facts.video).toMatchObject({ pixelFormat, frameRate: found.frameRate });
    const { frameTimes, keyTimes } = await tool.packetIndex(joined.path, facts);
    const step = Math.round((facts.video.timeBase.denominator * 1001) / 24_000);
    expect([...(frameTimes ?? [])]).toEqual(found.numbers.map((_, index) => index * step));
    expect([...keyTimes]).toEqual([...(frameTimes ?? [])]);
    const single = await Promise.all(found.numbers.map((number) => hashesOf(pathOf(number), pixelFormat)));
    expect(await hashesOf(joined.path, pixelFormat)).toEqual(single.flat());
    // The same again is not made again; a picture that was written anew is another one.
    expect(await tool.joinPictures(found, options)).toEqual(joined);
    await utimes(pathOf(9), new Date(), new Date(0));
    const { path } = await tool.joinPictures(found, options);
    expect(path).not.toBe(joined.path);
    expect(await readFile(path)).toEqual(await readFile(joined.path));
  });

  it('names what is damaged or unlike the first one', async () => {
    const { found, pathOf } = await series('damaged');
    const whole = await readFile(pathOf(10));
    const smaller = join(folder, 'smaller');
    await makePictures(smaller, '%d.png', { width: 20, height: 22, frames: 1 });
    const gray = join(folder, 'gray');
    await makePictures(gray, '%d.png', { width: 34, height: 22, frames: 1, pixelFormat: 'gray' });
    const changed = Buffer.from(whole);
    changed[whole.length - 40] = (changed[whole.length - 40] ?? 0) ^ 1;
    const cases: [Buffer, RegExp][] = [
      [whole.subarray(0, -20), /f_010\.png: it is cut off/],
      [changed, /f_010\.png: it is damaged/],
      [Buffer.alloc(0), /f_010\.png: it is empty/],
      [Buffer.from('no picture'), /f_010\.png: it is neither/],
      [await readFile(join(smaller, '1.png')), /f_010\.png is 20x22, and .*f_008\.png is 34x22/],
    ];
    for (const [content, message] of cases) {
      await writeFile(pathOf(10), content);
      await expect(tool.joinPictures(found, options)).rejects.toMatchObject({
        code: 'video-unreadable',
        message: expect.stringMatching(message),
      });
    }
    expect(await tool.arePicturesAlike(found)).toBe(false);
    await writeFile(pathOf(10), changed);
    const kept = await tool.joinPictures(found, { ...options, isKeptGoing: true });
    expect(kept).toMatchObject({ numbers: [8, 9, 11, 12], damage: expect.stringContaining('f_010.png') });
    // Asked for without it, the same copy serves.
    const rest = { ...found, numbers: kept.numbers };
    expect(await tool.joinPictures(rest, options)).toMatchObject({ path: kept.path });
    await writeFile(pathOf(10), await readFile(join(gray, '1.png')));
    expect((await tool.joinPictures(found, options)).numbers).toEqual(found.numbers);
    expect(await tool.arePicturesAlike(found)).toBe(true);
    expect((await readdir(join(folder, 'copies'))).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  it('is cut for a machine that needs a part of it', async () => {
    const { found } = await series('cut', 12);
    const { path: sourcePath } = await tool.joinPictures(found, options);
    const { timeBase } = (await tool.inspect(sourcePath)).video;
    const step = Math.round((timeBase.denominator * 1001) / 24_000);
    const target = join(folder, 'part.nut');
    const times = { seekTime: 4 * step, firstTime: 4 * step, endTime: 9 * step };
    const part = await tool.cutPart({ sourcePath, stream: 0, timeBase, ...times, frames: 5, target });
    expect(part).not.toBeNull();
    expect((await hashesOf(target)).slice(0, 5)).toEqual((await hashesOf(sourcePath)).slice(4, 9));
  });
});

describe('a video as numbered pictures', () => {
  async function written(name: string, isForced = false) {
    const videoPath = await makeClip(join(folder, 'film.mkv'), {
      ...{ width: 34, height: 22, frames: 4, codec: 'ffv1', pixelFormat: 'gbrp' },
    });
    const pattern = { folder: join(folder, name), prefix: '', digits: 2, ending: '-100%.png' };
    const pictures = { videoPath, like: videoPath, pattern, numbers: [3, 4, 9, 10], mayReplace: isForced };
    return { pictures: { ...pictures, workFolder: join(folder, 'work') }, videoPath, to: pattern.folder };
  }
  const names = ['03-100%.png', '04-100%.png', '09-100%.png', '10-100%.png'];
  const ignore = () => undefined;

  it('loses nothing, keeps the numbers, and may be repeated', async () => {
    const { pictures, videoPath, to } = await written(oddFolder);
    const first = await tool.writePictures(pictures, ignore);
    expect((await readdir(to)).sort()).toEqual(names);
    const hashes = await Promise.all(names.map((name) => hashesOf(join(to, name))));
    expect(hashes.flat()).toEqual(await hashesOf(videoPath));
    const { ino } = await stat(to);
    // As after a kill that came when the folder had its name, or some pictures theirs.
    await rm(join(to, names[1] ?? ''));
    await writeFile(join(to, 'notes.txt'), 'mine');
    expect(await tool.writePictures(pictures, ignore)).toEqual(first);
    expect((await readdir(to)).sort()).toEqual([...names, 'notes.txt']);
    expect((await stat(to)).ino).toBe(ino);
  });

  it('replaces another picture only on request', async () => {
    const { pictures, to } = await written('taken');
    await mkdir(to);
    await writeFile(join(to, '09-100%.png'), 'mine');
    await expect(tool.writePictures(pictures, ignore)).rejects.toMatchObject({ code: 'output-exists' });
    expect(await readdir(to)).toEqual(['09-100%.png']);
    await tool.writePictures({ ...pictures, mayReplace: true }, ignore);
    expect((await readdir(to)).sort()).toEqual(names);
    expect(await hashesOf(join(to, '09-100%.png'))).toHaveLength(1);
  });
});
