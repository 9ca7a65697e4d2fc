import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** The fields of a PromptSpec, with what a test does not care about filled in. */
export function sampleSpec(change: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return {
    id: 'ps_0123456789ab',
    name: 'sample',
    prompt: 'A robot arm sorts parcels under neon tubes',
    negative_prompt: 'blurry, low resolution',
    input_video_path: 'clip.mp4',
    control_inputs: {},
    timestamp: '2026-01-10T09:30:00.000000Z',
    is_upsampled: false,
    parent_prompt_text: null,
    ...change,
  };
}

/** Writes specs below a folder, by their paths relative to it; text is written as it is. */
export async function writeSpecs(
  folder: string,
  specs: Readonly<Record<string, Readonly<Record<string, unknown>> | string>>,
): Promise<string> {
  for (const [path, spec] of Object.entries(specs)) {
    const full = join(folder, path);
    await mkdir(dirname(full), { recursive: true });
    await writeFile(full, typeof spec === 'string' ? spec : `${JSON.stringify(spec, null, 2)}\n`);
  }
  return folder;
}
