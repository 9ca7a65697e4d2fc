import { frameName, inChunks } from './frame-names.ts';

const planVersion = 1;

/** What `parallel_processing_plan.json` says. */
interface PlanInput {
  readonly frames: number;
  /** Numbers of the frames that are upscaled, ascending; the first is 0 where there is any frame. */
  readonly uniqueFrames: Int32Array;
}

/**
 * `parallel_processing_plan.json` as text in chunks, so that the length of the video does not matter. Frames flow
 * through pipes: where the format has a file's path there is the frame's name.
 */
export function processingPlan(input: PlanInput): Iterable<string> {
  return inChunks(planParts(input));
}

function* planParts({ frames, uniqueFrames }: PlanInput): Generator<string> {
  yield `{\n  "version": ${planVersion},\n  "frames_to_process": [`;
  for (const [index, frame] of uniqueFrames.entries()) yield `${separator(index, 4)}"${frameName(frame)}"`;
  yield '\n  ],\n  "frame_output_mapping": {';
  let unique = 0;
  for (let frame = 0; frame < frames; frame++) {
    const next = uniqueFrames[unique + 1];
    if (next !== undefined && next <= frame) unique++;
    yield `${separator(frame, 4)}"${frame}": ${JSON.stringify(mappingOf(frame, uniqueFrames[unique] ?? 0))}`;
  }
  yield `\n  },\n  "stats": ${JSON.stringify(statsOf(frames, uniqueFrames.length))}\n}\n`;
}

function separator(index: number, indent: number): string {
  return `${index === 0 ? '' : ','}\n${' '.repeat(indent)}`;
}

function mappingOf(frame: number, unique: number) {
  const name = frameName(frame);
  return {
    input_path: name,
    unique_frame: frameName(unique),
    output_path: name,
    is_duplicate: frame !== unique,
  };
}

function statsOf(frames: number, uniqueFrames: number) {
  const duplicates = frames - uniqueFrames;
  return {
    total_frames: frames,
    unique_frames: uniqueFrames,
    duplicates,
    duplicate_percentage: frames === 0 ? 0 : Math.round((10_000 * duplicates) / frames) / 100,
    parallel_jobs: uniqueFrames,
  };
}
