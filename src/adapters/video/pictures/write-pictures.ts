import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import pMap from 'p-map';
import { numberedName, numberedPath } from '../../../core/frames/picture-series.ts';
import { endingOf } from '../../../core/video-set/name-outputs.ts';
import { AppError } from '../../../errors/app-error.ts';
import { asDiskError } from '../../../errors/system-error.ts';
import type { AssemblyProgress, PicturesToWrite } from '../../../ports/video-tool.ts';
import { type FfmpegOptions, readLines } from '../../ffmpeg/run-ffmpeg.ts';
import { asFileUrl, sourceOptions } from '../../ffmpeg/source-file.ts';
import { hasContent, hashFile } from '../../files/hash-file.ts';
import { narrow, rightsLike, syncFile, syncFolder } from '../../files/publish-file.ts';
import { unlessMissing } from '../../files/unless-missing.ts';
import { outputExists } from '../assembly/assembly-errors.ts';
import { partPathOf } from '../assembly/assembly-folder.ts';
import { pictureEncoder } from '../write-picture.ts';

interface WrittenPictures extends PicturesToWrite {
  /** Of the video, by ffmpeg's name. */
  readonly pixelFormat: string;
}

/** Files that are flushed side by side: the disk does several at once. */
const flushedAtOnce = 16;

/** As `VideoTool.writePictures`: one ffmpeg makes all pictures in a folder of its own; names are given here. */
export async function writePictures(
  pictures: WrittenPictures,
  onProgress: (progress: AssemblyProgress) => void,
  options: FfmpegOptions,
): Promise<{ readonly sizeBytes: number }> {
  const { pattern, numbers } = pictures;
  const folder = resolve(pattern.folder);
  const isThere = (await unlessMissing(stat(folder))) !== null;
  // Beside a folder that is to be made, within one that is there: so that a rename gives them their names.
  const temporary = partPathOf(isThere ? join(folder, basename(folder)) : folder, pictures.workFolder);
  await rm(temporary, { recursive: true, force: true });
  try {
    const like = await rightsLike([pictures.like]);
    await mkdir(temporary);
    await makePictures(pictures, temporary, onProgress, options);
    const sizes = await pMap(
      numbers,
      (number, at) => nameOf(join(temporary, String(at)), numberedName(pattern, number), like),
      {
        concurrency: flushedAtOnce,
        ...(options.signal && { signal: options.signal }),
      },
    );
    await syncFolder(temporary);
    if (isThere) await moveInto(folder, temporary, pictures);
    else await rename(temporary, folder);
    await syncFolder(isThere ? folder : dirname(folder));
    return { sizeBytes: sizes.reduce((sum, size) => sum + size, 0) };
  } catch (error) {
    await rm(temporary, { recursive: true, force: true }).catch(() => undefined);
    throw asDiskError(error, folder);
  }
}

async function makePictures(
  { videoPath, pattern, numbers, pixelFormat }: WrittenPictures,
  folder: string,
  onProgress: (progress: AssemblyProgress) => void,
  options: FfmpegOptions,
): Promise<void> {
  const { size } = await stat(videoPath);
  const ending = endingOf(pattern.ending);
  const lines = readLines({
    ...options,
    program: 'ffmpeg',
    arguments: [
      ...['-nostdin', '-v', 'error', '-y', '-nostats', '-progress', 'pipe:1', ...sourceOptions],
      ...['-i', asFileUrl(videoPath), '-map', '0:v:0', '-fps_mode', 'passthrough'],
      ...[...pictureEncoder(ending, pixelFormat), '-f', 'image2', '-start_number', '0'],
      // A sign in the name of the folder would be taken for a number.
      `${asFileUrl(folder).replaceAll('%', '%%')}/%d`,
    ],
    doing: `Writing the pictures of ${pattern.folder}`,
    workBytes: size * 10,
    target: folder,
  });
  for await (const line of lines) {
    const done = /^frame=\s*(\d+)$/.exec(line)?.[1];
    if (done !== undefined) onProgress({ step: 'pictures', done: Number(done), total: numbers.length });
  }
  const made = (await readdir(folder)).length;
  if (made === numbers.length) return;
  throw new AppError({
    code: 'output-invalid',
    message: `ffmpeg wrote ${made} of ${numbers.length} pictures.`,
    nextStep: 'Resume the run: the pictures are written again.',
  });
}

/** Gives a picture its name, still within its folder, once it would survive a power cut. @returns its size. */
async function nameOf(path: string, name: string, like: { readonly atMost: number }): Promise<number> {
  await narrow(path, like);
  await syncFile(path);
  const { size } = await stat(path);
  await rename(path, join(dirname(path), name));
  return size;
}

/** An earlier session may have been killed after it gave some pictures their names. */
async function moveInto(folder: string, temporary: string, pictures: WrittenPictures): Promise<void> {
  const { pattern, numbers, mayReplace } = pictures;
  const there = new Set(await readdir(folder));
  const isInWay = async (number: number) => {
    const name = numberedName(pattern, number);
    return there.has(name) && !(await hasContent(join(folder, name), await hashFile(join(temporary, name))));
  };
  for (const number of mayReplace ? [] : numbers)
    if (await isInWay(number)) throw outputExists(numberedPath(pattern, number));
  for (const number of numbers) {
    const name = numberedName(pattern, number);
    await rename(join(temporary, name), join(folder, name));
  }
  await rm(temporary, { recursive: true, force: true });
}
