import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { copyFile, open } from 'node:fs/promises';
import { guardrailsOf } from '../../core/inference/program.ts';
import type { MediaTool } from '../../ports/media-tool.ts';
import type { MadeVideo, ModelProgram, VideoTask } from '../../protocol/inference.ts';
import type { OutputFolder } from '../tasks/output-folder.ts';

export interface PublishDeps {
  readonly program: ModelProgram;
  readonly outputs: OutputFolder;
  readonly media: MediaTool;
}

/** The video of a control as the program left it. */
export interface LeftControl {
  readonly kind: string;
  readonly path: string;
}

/**
 * Copies a video, because its program may still hold it, decodes the copy and publishes that under the task's key, with its
 * controls.
 *
 * @throws AppError `video-unreadable` when it is not whole; `disk-full`.
 */
export async function publishVideo(
  { task, path, controls: left }: { task: VideoTask; path: string; controls: readonly LeftControl[] },
  { program, outputs, media }: PublishDeps,
  signal: AbortSignal,
): Promise<MadeVideo> {
  const copy = await outputs.begin(task.task_key);
  try {
    await copyDurably(path, copy);
    const { width, height, frames, frameRate } = await media.decode(copy, signal);
    const controls: MadeVideo['controls'] = [];
    for (const control of left) controls.push(await publishControl(task, control, outputs));
    const { sha256, sizeBytes } = await outputs.publish(copy, task.task_key);
    const guardrails = guardrailsOf(program.command);
    return { sha256, size_bytes: sizeBytes, width, height, frames, fps: frameRate, controls, guardrails };
  } finally {
    await outputs.discard(copy);
  }
}

/** Its key follows from the task's, so that publishing it again replaces it. */
async function publishControl(
  { task_key: taskKey }: VideoTask,
  { kind, path }: LeftControl,
  outputs: OutputFolder,
): Promise<MadeVideo['controls'][number]> {
  const key = createHash('sha256').update(`${taskKey} ${kind}`).digest('hex');
  const copy = await outputs.begin(key);
  await copyDurably(path, copy);
  const { sha256, sizeBytes } = await outputs.publish(copy, key);
  return { kind, key, sha256, size_bytes: sizeBytes };
}

async function copyDurably(from: string, to: string): Promise<void> {
  await copyFile(from, to, constants.COPYFILE_FICLONE);
  await using file = await open(to, 'r+');
  await file.sync();
}
