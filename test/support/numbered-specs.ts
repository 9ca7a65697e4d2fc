import { join } from 'node:path';
import { makeClip } from './clips.ts';
import { sampleSpec, writeSpecs } from './spec-builder.ts';

/** Writes specs with prompts that all differ, over `clips` videos that all differ. */
export async function writeNumberedSpecs(
  folder: string,
  specs: number,
  clips: number,
  controls: Readonly<Record<string, string | null>> = {},
): Promise<void> {
  const seeds = Array.from({ length: clips }, (_, index) => index + 1);
  for (const seed of seeds) {
    await makeClip(join(folder, 'clips', `${seed}.mp4`), { width: 640, height: 360, seconds: 1, seed });
  }
  const entries = Array.from({ length: specs }, (_, index) => {
    const prompt = `Shot number ${String(index).padStart(5, '0')}: a robot sorts parcels on line ${index}`;
    const video = `clips/${(index % clips) + 1}.mp4`;
    return [
      `shot_${index}/s.json`,
      sampleSpec({ name: `s${index}`, prompt, input_video_path: video, control_inputs: controls }),
    ] as const;
  });
  await writeSpecs(folder, Object.fromEntries(entries));
}
