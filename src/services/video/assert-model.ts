import { basename } from 'node:path';
import { shownScale } from '../../core/frames/target-size.ts';
import { formatSize } from '../../core/hints/display-size.ts';
import { choiceFor, choiceOfFile } from '../../core/models/built-in-models.ts';
import { localHostName } from '../../core/settings/host-named.ts';
import type { PlannedClip } from '../../core/video/video-checkpoint.ts';
import { AppError } from '../../errors/app-error.ts';
import type { ModelUse, TriedModel } from '../../ports/model-files.ts';
import type { Ports } from '../../ports/ports.ts';

/**
 * A model that cannot do what it is named for is refused before its video is read. Another machine may compute what this one
 * cannot: then only the model itself is judged.
 *
 * @param host - Where the model is to be computed.
 * @returns What was found out about it; null where nothing was.
 * @throws AppError as {@link ModelFiles}.
 */
export async function assertModel(
  path: string,
  use: ModelUse,
  host: string,
  { models, modelLibrary }: Pick<Ports, 'models' | 'modelLibrary'>,
  signal?: AbortSignal,
): Promise<TriedModel | null> {
  await modelLibrary.provide(path, signal);
  await models.assertOnnx(path);
  try {
    return await models.tryOut(path, use, signal);
  } catch (error) {
    const isOfThisMachine = error instanceof AppError && error.code === 'prerequisite-missing';
    if (!isOfThisMachine || host === localHostName) throw error;
    return null;
  }
}

/** A model makes frames as large as it was trained to: what has to be known where that is not how large they are to be. */
export function modelScaleNotices(
  tried: TriedModel | null,
  { frame, target }: Pick<PlannedClip, 'frame' | 'target'>,
  modelPath: string | null,
): string[] {
  const scale = tried?.scale ?? null;
  if (scale === null || Math.abs(target.width - frame.width * scale) <= 1) return [];
  const times = target.width / frame.width;
  const builtIn = choiceOfFile(basename(modelPath ?? ''));
  const better = builtIn && times > scale ? choiceFor(builtIn.name, times) : null;
  // With --size the network is chosen before the video is looked at: there may be many.
  if (better && better.scale > scale) {
    return [
      `The network makes frames ${scale} times as large, and ${formatSize(target)} is ${shownScale(frame, target)} times. ${better.name} has one for ${better.scale} times, too: --scale ${better.scale} beside --size.`,
    ];
  }
  const own = { width: frame.width * scale, height: frame.height * scale };
  return [
    `The model makes frames ${scale} times as large (${formatSize(own)}); Lanczos brings them to ${formatSize(target)}. As the model makes them: --scale ${scale}.`,
  ];
}
