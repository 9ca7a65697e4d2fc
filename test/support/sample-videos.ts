import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { FamilyName } from '../../src/core/inference/families.ts';
import { usualParameters } from '../../src/core/inference/parameters.ts';
import type { ModelProgram, VideoTask } from '../../src/protocol/inference.ts';

/**
 * An environment in which the models' programs are the stand-ins, which note what they do in `journal`.
 *
 * @param programs - Folder of the stand-ins for `python` and `torchrun`.
 */
export function programEnvironment(programs: string, journal: string): Record<string, string> {
  const path = [programs, join(process.execPath, '..'), process.env['PATH']].join(':');
  return { PATH: path, STAND_IN_JOURNAL: journal };
}

export function sampleProgram(family: FamilyName, changes: Partial<ModelProgram> = {}): ModelProgram {
  return {
    ...{ family, command: [], program_dir: '', checkpoints_dir: '', num_gpu: 1, batch_size: 8 },
    ...{ stall_timeout_ms: 60_000, keep_controls: false },
    ...changes,
  };
}

/** A video for each prompt, of this object. */
export function videoTasks(prompts: readonly string[], sha256: string): VideoTask[] {
  return prompts.map((prompt, index) => ({
    task_key: createHash('sha256').update(`${index} ${prompt}`).digest('hex'),
    name: `v${index}`,
    prompt,
    negative_prompt: '',
    video: { sha256, extension: '.mp4', width: 64, height: 36, frames: 2 },
    controls: [{ kind: 'edge', sha256: null, extension: '', weight: 0.5 }],
    parameters: usualParameters,
  }));
}
