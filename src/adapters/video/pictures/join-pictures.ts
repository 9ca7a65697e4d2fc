import { createHash, type Hash } from 'node:crypto';
import { chmod, type FileHandle, mkdir, open, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import pMap, { pMapIterable } from 'p-map';
import { numberedName, numberedPath, type PictureSeries } from '../../../core/frames/picture-series.ts';
import { formatSize } from '../../../core/hints/display-size.ts';
import { AppError, messageOf } from '../../../errors/app-error.ts';
import { asDiskError } from '../../../errors/system-error.ts';
import type { JoinedPictures, JoinOptions } from '../../../ports/video-tool.ts';
import { unreadableVideo } from '../../ffmpeg/failures.ts';
import { readAtMost } from '../../files/bounded-read.ts';
import { openRegularFile } from '../../files/open-file.ts';
import { discardFile, ownerOnlyFolder, syncFolder, temporaryPathFor } from '../../files/publish-file.ts';
import { unlessMissing } from '../../files/unless-missing.ts';
import { removeOldCopies } from '../retime.ts';
import { makePictureMovie, movieHead, movieHeadBytes, pictureDataSize } from './picture-movie.ts';
import {
  headBytes,
  type PictureKind,
  type PictureSample,
  readPictureKind,
  readPictureSample,
  whyUnlike,
} from './picture-sample.ts';

/** Raised when the copy of the same pictures is made in another way. */
const recipeVersion = 1;

/** A larger file is no picture that ffmpeg would decode. */
const maxPictureBytes = 1024 ** 3;
const statsAtOnce = 16;
/** Pictures that are in memory. */
const readAtOnce = 4;
/** Broken pictures that are named one by one. */
const damageNamed = 3;

interface FoundPicture {
  readonly number: number;
  readonly sizeBytes: number;
  readonly modifiedMs: number;
  readonly mode: number;
  /** Changes whenever the file may hold something else. */
  readonly identity: string;
}

/**
 * Puts numbered pictures, as they are, into one QuickTime file in `folder`: each is a sample that is a key frame, so that a segment
 * is read from its first picture on. Each is read once, and none of their names becomes part of a command.
 *
 * A copy of the same pictures that is there already is used again.
 */
export async function joinPictures(
  folder: string,
  series: PictureSeries,
  { isKeptGoing, onProgress }: JoinOptions,
  signal: AbortSignal | undefined,
): Promise<JoinedPictures> {
  const found = await pMap(series.numbers, (number) => findPicture(series, number), {
    concurrency: statsAtOnce,
    ...(signal && { signal }),
  });
  const known = targetOf(folder, series, found);
  if (await unlessMissing(stat(known))) return joined(known, found, null);
  await mkdir(folder, { recursive: true, mode: ownerOnlyFolder });
  await removeOldCopies(folder);
  const kept: FoundPicture[] = [];
  const damage: string[] = [];
  const temporary = temporaryPathFor(known);
  try {
    await writeMovie(temporary, series, readSamples(series, found, signal), (picture, problem) => {
      if (problem === null) kept.push(picture);
      else if (isKeptGoing) damage.push(`${numberedName(series.pattern, picture.number)}: ${problem}`);
      else throw unusable(numberedPath(series.pattern, picture.number), problem);
      onProgress(kept.length + damage.length, found.length);
    });
    // What is made of it is as private as any of them.
    await chmod(temporary, kept.reduce((atMost, { mode }) => atMost & mode, 0o666) | 0o600);
    // Named after what is in it, not after what was asked for.
    const target = targetOf(folder, series, kept);
    await rename(temporary, target);
    await syncFolder(folder);
    return joined(target, kept, damageText(damage));
  } catch (error) {
    await discardFile(temporary);
    throw asDiskError(error, known);
  }
}

function targetOf(
  folder: string,
  { pattern, frameRate }: PictureSeries,
  found: readonly FoundPicture[],
): string {
  const hash: Hash = createHash('sha256').update(JSON.stringify([recipeVersion, pattern, frameRate]));
  for (const { identity } of found) hash.update(identity);
  return join(folder, `${hash.digest('hex').slice(0, 32)}.mov`);
}

function joined(path: string, pictures: readonly FoundPicture[], damage: string | null): JoinedPictures {
  return {
    path,
    damage,
    numbers: pictures.map(({ number }) => number),
    sizeBytes: pictures.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    modifiedMs: pictures.reduce((newest, { modifiedMs }) => Math.max(newest, modifiedMs), 0),
  };
}

async function findPicture({ pattern }: PictureSeries, number: number): Promise<FoundPicture> {
  const path = numberedPath(pattern, number);
  const found = await stat(path, { bigint: true }).catch((error: unknown) => {
    throw unusable(path, messageOf(error));
  });
  if (!found.isFile()) throw unusable(path, 'it is no file');
  const { size, mtimeNs, mtimeMs, mode, ino } = found;
  const identity = `${number} ${size} ${mtimeNs} ${ino};`;
  return { number, sizeBytes: Number(size), modifiedMs: Number(mtimeMs), mode: Number(mode), identity };
}

type ReadPicture = readonly [FoundPicture, PictureSample | string];

/** In their order; a few are read ahead. */
function readSamples(
  { pattern }: PictureSeries,
  found: readonly FoundPicture[],
  signal: AbortSignal | undefined,
): AsyncIterable<ReadPicture> {
  return pMapIterable(
    found,
    async (picture): Promise<ReadPicture> => {
      signal?.throwIfAborted();
      return [picture, await readSample(numberedPath(pattern, picture.number))];
    },
    { concurrency: readAtOnce, backpressure: readAtOnce },
  );
}

async function readSample(path: string): Promise<PictureSample | string> {
  try {
    return readPictureSample(await readAtMost(path, maxPictureBytes));
  } catch (error) {
    return `it cannot be read: ${messageOf(error)}`;
  }
}

/** @param onPicture - Takes each picture, and why it is not used; null where it is. */
async function writeMovie(
  path: string,
  series: PictureSeries,
  pictures: AsyncIterable<ReadPicture>,
  onPicture: (picture: FoundPicture, problem: string | null) => void,
): Promise<void> {
  await using file = await open(path, 'wx', 0o600);
  let first: { readonly sample: PictureSample; readonly path: string } | null = null;
  const sizes: number[] = [];
  let at = movieHeadBytes;
  for await (const [picture, sample] of pictures) {
    if (typeof sample === 'string') {
      onPicture(picture, sample);
      continue;
    }
    const path = numberedPath(series.pattern, picture.number);
    first ??= { sample, path };
    assertAlike(sample, path, first);
    onPicture(picture, null);
    await writeAll(file, sample.bytes, at);
    at += sample.bytes.length;
    sizes.push(sample.bytes.length);
  }
  if (first === null) throw unusable(numberedPath(series.pattern, series.numbers[0] ?? 0), 'it is damaged');
  await writeAll(file, makePictureMovie(first.sample, sizes, series.frameRate), at);
  await writeAll(file, movieHead(pictureDataSize(sizes)), 0);
  await file.sync();
}

async function writeAll(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let written = 0; written < bytes.length; )
    written += (await file.write(bytes, written, bytes.length - written, position + written)).bytesWritten;
}

/** The first picture decides how all are kept: one that would lose something by that is refused. */
function assertAlike(
  sample: PictureSample,
  path: string,
  first: { readonly sample: PictureSample; readonly path: string },
): void {
  const why = whyUnlike(sample, first.sample);
  if (why === null) return;
  const texts: Record<typeof why, (picture: PictureSample) => string> = {
    size: (picture) => formatSize(picture),
    codec: ({ codec }) => codec.toUpperCase(),
    bits: ({ bits }) => `${bits} bits`,
    colours: ({ isGray }) => (isGray ? 'gray' : 'coloured'),
  };
  const nextStep =
    why === 'size'
      ? 'Pictures of one size make a video. A folder of others is upscaled with -o FOLDER, each picture by itself.'
      : 'Convert all of them to one kind: the first one decides how all are read.';
  const text = texts[why];
  throw new AppError({
    code: 'video-unreadable',
    message: `The pictures are not alike: ${path} is ${text(sample)}, and ${first.path} is ${text(first.sample)}.`,
    nextStep,
  });
}

/** As `VideoTool.arePicturesAlike`. */
export async function arePicturesAlike(
  { pattern, numbers }: PictureSeries,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  let first: PictureKind | null = null;
  const kinds = pMapIterable(numbers, (number) => kindOf(numberedPath(pattern, number)), {
    concurrency: statsAtOnce,
    backpressure: statsAtOnce,
  });
  for await (const kind of kinds) {
    signal?.throwIfAborted();
    first ??= kind;
    if (kind === null || first === null || whyUnlike(kind, first) !== null) return false;
  }
  return true;
}

async function kindOf(path: string): Promise<PictureKind | null> {
  try {
    await using file = await openRegularFile(path);
    for (const length of headBytes) {
      const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(length), 0, length, 0);
      const kind = readPictureKind(buffer.subarray(0, bytesRead));
      if (kind !== null) return kind;
    }
  } catch {
    return null;
  }
  const sample = await readSample(path);
  return typeof sample === 'string' ? null : sample;
}

function unusable(path: string, problem: string): AppError {
  return unreadableVideo(path, problem.replace(/\.$/, ''), {
    nextStep: 'Replace this picture; or do without pictures that cannot be read, with --keep-going.',
  });
}

function damageText(damage: readonly string[]): string | null {
  if (damage.length === 0) return null;
  const more = damage.length - damageNamed;
  return `${damage.slice(0, damageNamed).join('; ')}${more > 0 ? `; and ${more} more` : ''}`;
}
