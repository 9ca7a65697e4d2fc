import { mkdirSync, statfsSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { makeClip } from '../../../test/support/clips.ts';
import { inParallel } from './in-parallel.ts';
import { nameOf, specsInFolder } from './sample-run.ts';

/** Distinct clips of two seconds of 720p, as paths. */
export async function makeClips(folder: string, count: number): Promise<readonly string[]> {
  const seeds = Array.from({ length: count }, (_, index) => index + 1);
  return await inParallel(seeds, availableParallelism(), (seed) =>
    makeClip(join(folder, `clip-${seed}.mp4`), { width: 1280, height: 720, seconds: 2, seed }),
  );
}

/** Writes PromptSpecs with prompts that all differ, 1,000 a folder; the clips are used in turn. */
export async function writeSpecs(folder: string, count: number, clips: readonly string[]): Promise<void> {
  const { bavail, bsize, ffree } = statfsSync(dirname(folder));
  // Each takes a block of the disk, mostly of 4 KiB, and an inode; results and answers take more of both.
  if (bavail * bsize < count * 4 * blockBytes || (ffree > 0 && ffree < 4 * count))
    throw new Error(`there is not enough room for ${count} specs and their results in ${folder}`);
  for (let index = 0; index < count; index++) {
    const path = specPath(folder, index);
    if (index % specsInFolder === 0) mkdirSync(dirname(path), { recursive: true });
    // Not side by side: a call of the system that is waited for is quicker than one that is told of.
    writeFileSync(path, JSON.stringify(specOf(index, clips), null, 2));
  }
}

const blockBytes = 4096;

function specPath(folder: string, index: number): string {
  return join(folder, ...nameOf(index).split('/'));
}

/** The prompt of one of `writeSpecs`. */
export function promptOf(index: number): string {
  const place = places[index % places.length];
  return `Shot ${index}: a delivery robot crosses ${place} while people walk past, filmed from the front.`;
}

function specOf(index: number, clips: readonly string[]) {
  return {
    id: `ps_${index.toString(16).padStart(12, '0')}`,
    name: `shot ${index}`,
    prompt: promptOf(index),
    negative_prompt: 'blurry, low quality',
    input_video_path: clips[index % clips.length],
    control_inputs: {},
    timestamp: '2026-01-10T09:30:00.000Z',
    is_upsampled: false,
    parent_prompt_text: null,
  };
}

const places = ['a warehouse', 'a rainy street', 'an empty car park', 'a market hall', 'a loading dock'];
