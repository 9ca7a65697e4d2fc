import type { FrameFormat } from '../../../core/frames/frame-format.ts';
import { AppError } from '../../../errors/app-error.ts';
import type { PictureTool, RgbPicture } from '../../../ports/frame-tool.ts';
import { ApiError } from '../../http/json-server.ts';
import { EngineError } from '../../tasks/engine-error.ts';
import { LanePool } from '../lane-pool.ts';
import type { UpscaleEngine } from '../upscale-engine.ts';
import { type UploadedFile, uploadLimits } from './read-upload.ts';
import type { ZipMember } from './zip-stream.ts';

interface PictureDeps {
  readonly pictures: PictureTool;
  readonly engine: UpscaleEngine;
  log(line: string): void;
}

interface Checked {
  readonly file: UploadedFile;
  readonly width: number;
  readonly height: number;
  /** Null where keeping its pixels would take too much memory. */
  readonly picture: RgbPicture | null;
}

/** Bytes of upscaled pictures that are made in one call. */
const callBytes = 64 * 1024 * 1024;

/**
 * Upscaled PNG files, in the order of the uploads. All uploads are looked at before the first one is upscaled, so that
 * an unreadable one is an error and not half an answer.
 *
 * @throws ApiError 400 for a file that is no picture, 413 for one that would get too large, 503 when memory does not
 * suffice or no engine can work here.
 */
export async function* upscalePictures(
  files: readonly UploadedFile[],
  deps: PictureDeps,
  signal: AbortSignal,
): AsyncGenerator<ZipMember> {
  const checked = await checkAll(files, deps, signal);
  const names = pictureNames(files.map(({ name }) => name));
  const pools = new Map<string, LanePool>();
  try {
    let at = 0;
    for (const group of groupsOf(checked, deps.engine.scale)) {
      const upscaled = await upscaleGroup(group, pools, deps, signal).catch(explain);
      for (const picture of upscaled) {
        const content = await deps.pictures.encodePng(picture, signal);
        yield { name: names[at] ?? '', content };
        at += 1;
      }
    }
  } finally {
    await Promise.all([...pools.values()].map((pool) => pool.close()));
  }
}

async function checkAll(
  files: readonly UploadedFile[],
  deps: PictureDeps,
  signal: AbortSignal,
): Promise<readonly Checked[]> {
  const checked: Checked[] = [];
  let keptBytes = 0;
  for (const file of files) {
    const picture = await decode(file, deps, signal);
    const { width, height, data } = picture;
    if (width * height * deps.engine.scale ** 2 > uploadLimits.upscaledPixels) {
      const message = `${shown(file)} of ${width}x${height} would be too large after upscaling ${deps.engine.scale} times.`;
      throw new ApiError(413, 'picture-too-large', message);
    }
    const isKept = keptBytes + data.byteLength <= uploadLimits.keptBytes;
    if (isKept) keptBytes += data.byteLength;
    checked.push({ file, width, height, picture: isKept ? picture : null });
  }
  return checked;
}

async function decode(
  file: UploadedFile,
  { pictures }: PictureDeps,
  signal: AbortSignal,
): Promise<RgbPicture> {
  try {
    return await pictures.decodePicture(file.content, uploadLimits.pixels, signal);
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'picture-unreadable') return explain(error);
    throw new ApiError(400, error.code, `${shown(file)}: ${error.message}`);
  }
}

/** Neighbours of one size that may be upscaled in one call. */
function groupsOf(checked: readonly Checked[], scale: number): Checked[][] {
  const groups: Checked[][] = [];
  for (const picture of checked) {
    const last = groups.at(-1);
    const [first] = last ?? [];
    const isSameSize = first?.width === picture.width && first.height === picture.height;
    const bytes = ((last?.length ?? 0) + 1) * picture.width * picture.height * 3 * scale ** 2;
    if (last && isSameSize && bytes <= callBytes) last.push(picture);
    else groups.push([picture]);
  }
  return groups;
}

async function upscaleGroup(
  group: readonly Checked[],
  pools: Map<string, LanePool>,
  deps: PictureDeps,
  signal: AbortSignal,
): Promise<readonly RgbPicture[]> {
  const frames: Uint8Array[] = [];
  for (const { file, picture } of group) frames.push((picture ?? (await decode(file, deps, signal))).data);
  const { width = 0, height = 0 } = group[0] ?? {};
  const pool = poolFor({ width, height, pixelFormat: 'rgb24' }, pools, deps);
  const upscaled = await pool.run({ order: 0, batch: 0, frames, signal });
  return upscaled.map((data) => ({ width: pool.to.width, height: pool.to.height, data }));
}

function poolFor(from: FrameFormat, pools: Map<string, LanePool>, { engine, log }: PictureDeps): LanePool {
  const key = `${from.width}x${from.height}`;
  const known = pools.get(key);
  if (known) return known;
  const request = { from, to: engine.outputFormat(from, null), clip: null };
  const size = { batchSize: uploadLimits.files, tile: engine.minTile === null ? 0 : usualTile };
  const pool = new LanePool({ engine, request, size, lanes: 1, processes: 1, log });
  pools.set(key, pool);
  return pool;
}

/** As the command's own default. */
const usualTile = 256;

function explain(error: unknown): never {
  if (error instanceof EngineError && error.code === 'out-of-memory') {
    throw new ApiError(503, error.code, error.message);
  }
  const isMissing = error instanceof AppError && error.code === 'prerequisite-missing';
  if (isMissing || (error instanceof EngineError && error.class === 'fatal')) {
    throw new ApiError(503, 'engine-unavailable', error.message);
  }
  throw error;
}

/** A name that came from outside, fit to be shown. */
function shown({ name }: UploadedFile): string {
  return JSON.stringify(name.slice(0, 200));
}

/** Longest name without its ending, in characters: short enough for every file system in any writing. */
const maxStemLength = 60;

/** Names that Windows keeps for devices. */
const reserved = /^(con|prn|aux|nul|com\d|lpt\d)$/i;

/**
 * Names for the upscaled pictures: those of the uploads with the ending `.png`, without folders and whatever a file
 * system may not take, each once also where letters' case does not count.
 */
export function pictureNames(uploadNames: readonly string[]): readonly string[] {
  const taken = new Set<string>();
  return uploadNames.map((name, index) => {
    const stem = safeStem(name) || `picture_${index + 1}`;
    let candidate = stem;
    for (let count = 2; taken.has(candidate.toLowerCase()); count += 1) candidate = `${stem}_${count}`;
    taken.add(candidate.toLowerCase());
    return `${candidate}.png`;
  });
}

function safeStem(name: string): string {
  const file = name.normalize('NFC').split(/[/\\]/).at(-1) ?? '';
  const stem = file
    .replace(/\.(png|jpe?g|jfif)$/i, '')
    .replace(/[\p{C}\p{Zl}\p{Zp}<>:"|?*]/gu, '_')
    .replace(/^[.\s-]+|[.\s]+$/g, '');
  const short = [...stem].slice(0, maxStemLength).join('').trimEnd();
  return reserved.test(short) ? `_${short}` : short;
}
