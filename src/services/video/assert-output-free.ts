import { dirname } from 'node:path';
import { numberedPath, numbersAmong, type PicturePattern } from '../../core/frames/picture-series.ts';
import { shellQuoted } from '../../core/run/shell-quoted.ts';
import { outputFolder } from '../../core/run/written-folder.ts';
import { AppError, usageError } from '../../errors/app-error.ts';
import type { Ports } from '../../ports/ports.ts';
import { assertWritable } from '../runs/assert-writable.ts';
import type { VideoOperation, VideoRequest } from './video-types.ts';

/** Nothing is planned for an output that cannot be written. */
export async function assertOutputIsFree(
  { inputPath, outputPath, isForced }: VideoRequest,
  { maskPath = null }: Pick<VideoOperation, 'maskPath'>,
  { sources }: Pick<Ports, 'sources'>,
): Promise<void> {
  const nextStep = 'Choose another file with --output.';
  // A link or another spelling would do to the video what its own name does.
  if (outputPath === inputPath || (await sources.isSameFile(outputPath, inputPath))) {
    throw usageError('The output is the video itself.', nextStep);
  }
  if (maskPath !== null && (outputPath === maskPath || (await sources.isSameFile(outputPath, maskPath))))
    throw usageError('The output is the mask.', nextStep);
  if (await sources.isFolder(outputPath)) throw usageError(`The output ${outputPath} is a folder.`, nextStep);
  const folder = dirname(outputPath);
  if (!(await sources.exists(folder)))
    throw usageError(
      `There is no folder ${folder} for the output.`,
      `Make it with: mkdir -p ${shellQuoted(folder)}`,
    );
  await assertWritable([outputFolder(folder, '--output')], { sources });
  if (isForced || !(await sources.exists(outputPath))) return;
  throw new AppError({
    code: 'output-exists',
    message: `${outputPath} already exists.`,
    nextStep: 'Choose another file with --output, or replace it with --force.',
  });
}

/** Nothing is planned for pictures that cannot be written. */
export async function assertPicturesFree(
  { pictures, isForced }: VideoRequest,
  pattern: PicturePattern,
  { sources }: Pick<Ports, 'sources'>,
): Promise<void> {
  const { folder } = pattern;
  const nextStep = 'Name another folder with --output.';
  const isThere = await sources.exists(folder);
  if (isThere && !(await sources.isFolder(folder)))
    throw usageError(`The output folder ${folder} is a file.`, nextStep);
  const above = dirname(folder);
  if (!isThere && !(await sources.exists(above)))
    throw usageError(
      `There is no folder ${above} for the output.`,
      `Make it with: mkdir -p ${shellQuoted(above)}`,
    );
  await assertWritable([outputFolder(isThere ? folder : above, '--output')], { sources });
  const there = isThere ? numbersAmong(pattern, await sources.names(folder)) : [];
  const written = pictures && new Set(pictures.numbers);
  const inWay = there.find((number) => written === undefined || written.has(number));
  if (inWay === undefined) return;
  const taken = numberedPath(pattern, inWay);
  const isOwn =
    pictures !== undefined && (await sources.isSameFile(taken, numberedPath(pictures.pattern, inWay)));
  if (isOwn) throw usageError('The output is the pictures themselves.', nextStep);
  if (isForced) return;
  throw new AppError({
    code: 'output-exists',
    message: `${taken} already exists.`,
    nextStep: 'Name another folder with --output, or replace the pictures with --force.',
  });
}
