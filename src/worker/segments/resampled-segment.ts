import type { SegmentTask } from '../../protocol/segment.ts';
import type { SegmentRunDeps } from './segment-run.ts';
import type { SegmentStage } from './segment-stage.ts';

/** Whether each frame of the segment becomes one resampled frame: then one program can make the whole file. */
export function isOnlyResampled({ repeats, context }: SegmentTask, { isResampling = false }: SegmentStage) {
  return isResampling && context === undefined && repeats.every((each) => each === 1);
}

/**
 * Makes the file of a segment for which {@link isOnlyResampled} holds. It is the same as that of a `SegmentRun`.
 *
 * @returns milliseconds by stage, all of them those of the one program.
 */
export async function resample(
  task: SegmentTask,
  { frames, sourcePath, targetPath, encoding, batchSize, onProgress, onBatchDone }: SegmentRunDeps,
  signal: AbortSignal,
) {
  const beginMs = performance.now();
  const total = task.repeats.length;
  let batches = 0;
  const onFrames = (done: number) => {
    const whole = done >= total ? Math.ceil(total / batchSize) : Math.floor(done / batchSize);
    for (; batches < whole; batches += 1) onBatchDone(task.first_batch + batches);
    onProgress(Math.min(done, total), total);
  };
  await frames.resample({ sourcePath, segment: task, path: targetPath, encoding, onFrames }, signal);
  onFrames(total);
  return { decode: 0, upscale: Math.round(performance.now() - beginMs), encode: 0 };
}
