import { fractionValue } from '../../core/frames/fraction.ts';
import { numbersOf, type PictureSeries, parsePicturePattern } from '../../core/frames/picture-series.ts';
import type { PinnedFile, PlannedPictures, VideoCheckpoint } from '../../core/video/video-checkpoint.ts';
import { AppError } from '../../errors/app-error.ts';
import type { Ports } from '../../ports/ports.ts';
import type { FileIdentity } from '../../ports/source-files.ts';

/** A file as the checkpoint keeps it. */
export function pinned({ path, sha256, sizeBytes, modifiedMs }: FileIdentity): PinnedFile {
  return { path, sha256, size_bytes: sizeBytes, modified_ms: modifiedMs };
}

/**
 * @param name - What the file is called in messages.
 * @throws AppError `checkpoint-mismatch` when the file is another one than when the run was planned.
 */
export async function assertSameFile(
  file: PinnedFile,
  { sources }: Pick<Ports, 'sources'>,
  signal: AbortSignal,
  name = file.path,
): Promise<void> {
  const { path, sha256, size_bytes: sizeBytes, modified_ms: modifiedMs } = file;
  const found = await sources.identify(path, { path, sha256, sizeBytes, modifiedMs }, signal);
  if (found.sha256 === sha256) return;
  throw new AppError({
    code: 'checkpoint-mismatch',
    message: `${name} has changed since the run began.`,
    nextStep: 'Put the old file back, or start a new run.',
  });
}

/** The pictures of a run, by the pattern of their names. */
export function seriesOf(
  path: string,
  { numbers, frame_rate: frameRate }: PlannedPictures,
): PictureSeries | null {
  const pattern = parsePicturePattern(path);
  return pattern && { pattern, numbers: numbersOf(numbers), frameRate };
}

/** The file whose frames are upscaled, and whose other streams go into the result. */
export function fileToRead<File>({
  source,
  retimed,
}: {
  readonly source: File;
  readonly retimed: File | null;
}): File {
  return retimed ?? source;
}

/**
 * Makes sure that the file to read is as it was when the run was planned. A copy with joined times that is gone is made
 * again.
 *
 * @throws AppError `checkpoint-mismatch`.
 */
export async function prepareFileToRead(
  { source, pictures, retimed }: Pick<VideoCheckpoint, 'source' | 'pictures' | 'retimed'>,
  ports: Pick<Ports, 'sources' | 'video'>,
  signal: AbortSignal,
): Promise<void> {
  const series = pictures === undefined ? null : seriesOf(source.path, pictures);
  if (series !== null && retimed !== null) {
    const options = { isKeptGoing: false, onProgress: () => undefined };
    retimed.path = (await ports.video.joinPictures(series, options, signal)).path;
    return await assertSameFile(retimed, ports, signal, source.path);
  }
  await assertSameFile(source, ports, signal);
  if (retimed === null) return;
  retimed.path = await ports.video.retime(
    source.path,
    await ports.video.inspect(source.path, signal),
    signal,
  );
  await assertSameFile(retimed, ports, signal);
}

/** Settings with the path of the model, as a person names it, in place of its hash. */
export function withModelPath<
  Settings extends { readonly engine: { readonly kind: string; readonly model: string | null } },
>(settings: Settings, { model }: Pick<VideoCheckpoint, 'model'>): Settings {
  return { ...settings, engine: { ...settings.engine, model: model?.path ?? null } };
}

/** The number of each frame's picture: that of the picture it was made of, else its place, from 1. */
export function pictureNumbersOf(
  { pictures, clip }: Pick<VideoCheckpoint, 'pictures' | 'clip'>,
  times: Float64Array,
): number[] {
  if (pictures === undefined) return Array.from(times, (_, frame) => frame + 1);
  const numbers = numbersOf(pictures.numbers);
  const ticks = 1 / (fractionValue(clip.time_base) * fractionValue(pictures.frame_rate));
  // A picture that could not be decoded leaves a hole.
  return Array.from(times, (time, frame) => numbers[Math.round(time / ticks)] ?? frame + 1);
}
