import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  appendFileSync,
  existsSync,
  globSync,
  mkdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { FamilyName } from '../../../src/core/inference/families.ts';
import { type ReadSample, readModelInput } from '../model-input.ts';

/**
 * A stand-in for the programs of the Cosmos models, started as they are (`python`, `torchrun`): it reads their input as
 * strictly, writes what they write where they write it, and fails as they do. Its videos show one colour that follows from
 * the prompt, so that a video can be known again.
 *
 * How it behaves is said by the prompts: `[blocked]`, `[oom]`, `[hang]`, `[crash]`, `[no-file]`, `[broken]`, `[slow]`; and by
 * its environment.
 *
 * | variable | what it does |
 * | --- | --- |
 * | `STAND_IN_JOURNAL` | a file that gets a JSON line for each start (`start`) and each video (`video`) |
 * | `STAND_IN_STEP_MS` | how long each of four shown steps takes; 0 |
 * | `STAND_IN_GATE` | each video waits until this file is there |
 * | `STAND_IN_SHIFT` | a program that numbers its outputs gives blocked prompts no number |
 * | `STAND_IN_DIE_LOADING` | dies before it begins, with these words |
 */
export async function main(): Promise<void> {
  const args = process.argv.slice(2);
  const family = familyOf(args);
  const { env } = process;
  note({ event: 'start', pid: process.pid, family, folder: process.cwd(), args });
  console.error('Loading checkpoint shards:  50%|█████     | 1/2 [00:00<00:00,  9.00it/s]');
  if (env['STAND_IN_DIE_LOADING']) throw new Error(env['STAND_IN_DIE_LOADING']);
  const samples = readModelInput(family, filesOf(family, args));
  for (const path of samples.flatMap((sample) => sample.paths))
    if (!existsSync(path)) throw new Error(`no such file: ${path}`);
  const out = firstValueOf(args, '-o') ?? firstValueOf(args, '--video_save_folder') ?? '';
  let number = 0;
  for (const sample of samples) {
    const isMade = await make(family, sample, { out, number });
    if (isMade || !env['STAND_IN_SHIFT']) number += 1;
  }
}

interface Place {
  readonly out: string;
  readonly number: number;
}

/** @returns whether a video was made. */
async function make(family: FamilyName, sample: ReadSample, { out, number }: Place): Promise<boolean> {
  const { prompt, name } = sample;
  const has = (word: string) => prompt.includes(`[${word}]`);
  if (family === 'transfer2.5') {
    mkdirSync(out, { recursive: true });
    // Written before the work begins: it proves nothing.
    writeFileSync(join(out, `${name}.json`), JSON.stringify(sample));
  }
  if (has('blocked')) {
    console.error('CRITICAL: Guardrail blocked generation. Prompt: not safe');
    if (family === 'transfer1' && !process.env['STAND_IN_SHIFT'])
      throw new Error('IndexError: list index out of range');
    return false;
  }
  if (has('crash')) process.kill(process.pid, 'SIGKILL');
  await steps(sample, has('slow'));
  if (has('hang')) await new Promise((resolve) => setTimeout(resolve, 2 ** 30));
  if (has('oom')) {
    console.error('torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 20.00 GiB.');
    // Only some of the programs go on with the next one.
    if (family === 'transfer2.5' || family === 'cosmos3') return false;
    throw new Error('OutOfMemoryError');
  }
  if (has('no-file')) return false;
  const gate = process.env['STAND_IN_GATE'];
  while (gate && !existsSync(gate)) await delay(20);
  const video = videoPath(family, sample, { out, number });
  mkdirSync(dirname(video), { recursive: true });
  if (has('broken')) writeFileSync(video, 'not a video at all');
  else writeVideo(video, prompt);
  for (const kind of sample.controls) writeControl(family, kind, video);
  const promptFile = promptPath(family, video);
  if (promptFile) writeFileSync(promptFile, `${prompt}\n`);
  if (family === 'cosmos3') writeFileSync(join(dirname(video), 'sample_outputs.json'), '{}');
  note({ event: 'video', family, prompt });
  return true;
}

async function steps({ numSteps }: ReadSample, isSlow: boolean): Promise<void> {
  const stepMs = isSlow ? 500 : Number(process.env['STAND_IN_STEP_MS'] ?? 0);
  for (let part = 1; part <= 4; part += 1) {
    const step = Math.ceil((part * numSteps) / 4);
    process.stderr.write(`\r ${part * 25}%|███       | ${step}/${numSteps} [00:01<00:01,  9.9it/s]`);
    if (stepMs > 0) await delay(stepMs);
  }
  process.stderr.write('\n');
}

/** The colour of the video for a prompt: red, green and blue. */
export function markerOf(prompt: string): readonly [number, number, number] {
  const [red = 0, green = 0, blue = 0] = createHash('sha256').update(prompt.trim()).digest();
  return [red, green, blue];
}

/** Slowly, and under its final name, as the programs do. */
function writeVideo(path: string, prompt: string): void {
  const color = markerOf(prompt)
    .map((part) => part.toString(16).padStart(2, '0'))
    .join('');
  const input = ['-f', 'lavfi', '-i', `color=c=0x${color}:size=64x36:rate=24`, '-frames:v', '6'];
  const output = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv444p', '-y'];
  const whole = `${path}.whole.mp4`;
  execFileSync('ffmpeg', ['-nostdin', '-v', 'error', ...input, ...output, whole]);
  const bytes = readFileSync(whole);
  // A reader that comes now finds a file that grows.
  writeFileSync(path, bytes.subarray(0, bytes.length / 2));
  renameSync(whole, path);
}

function writeControl(family: FamilyName, kind: string, video: string): void {
  const bytes = readFileSync(video);
  const folder = dirname(video);
  if (family === 'transfer1') writeFileSync(join(folder, `${kind}_input_control_0.mp4`), bytes);
  if (family === 'transfer2.5') writeFileSync(video.replace(/\.mp4$/, `_control_${kind}.mp4`), bytes);
  if (family === 'cosmos3') writeFileSync(join(folder, `control_${kind}.mp4`), bytes);
}

function videoPath(family: FamilyName, { name, outputPath }: ReadSample, { out, number }: Place): string {
  if (outputPath !== null) return outputPath;
  if (family === 'transfer1') return join(out, `video_${number}`, 'output.mp4');
  return family === 'cosmos3' ? join(out, name ?? '', 'vision.mp4') : join(out, `${name}.mp4`);
}

function promptPath(family: FamilyName, video: string): string | null {
  if (family === 'transfer1') return join(dirname(video), 'prompt.txt');
  return family === 'transfer2.5' || family === 'predict2.5' ? video.replace(/\.mp4$/, '.txt') : null;
}

function familyOf(args: readonly string[]): FamilyName {
  const line = args.join(' ');
  if (line.includes('cosmos_transfer1/diffusion/inference/transfer.py')) return 'transfer1';
  if (line.includes('examples.video2world')) return 'predict2';
  if (line.includes('cosmos_framework.scripts.inference')) return 'cosmos3';
  if (!line.includes('examples/inference.py')) throw new Error(`no such program: ${line}`);
  const [first = ''] = valuesOf(args, '-i');
  return readFileSync(first, 'utf8').includes('"inference_type"') ? 'predict2.5' : 'transfer2.5';
}

function filesOf(family: FamilyName, args: readonly string[]) {
  const paths = {
    transfer1: [...valuesOf(args, '--controlnet_specs'), ...valuesOf(args, '--batch_input_path')],
    'transfer2.5': valuesOf(args, '-i'),
    predict2: valuesOf(args, '--batch_input_json'),
    'predict2.5': valuesOf(args, '-i'),
    cosmos3: valuesOf(args, '-i').flatMap((pattern) => globSync(pattern).sort()),
  }[family];
  if (family === 'predict2' && !args.includes('--disable_prompt_refiner'))
    throw new Error('the refiner is on');
  return paths.map((path) => ({ name: path, text: readFileSync(path, 'utf8') }));
}

function firstValueOf(args: readonly string[], flag: string): string | undefined {
  return valuesOf(args, flag)[0];
}

function valuesOf(args: readonly string[], flag: string): string[] {
  const at = args.indexOf(flag);
  if (at < 0) return [];
  const rest = args.slice(at + 1);
  const end = rest.findIndex((argument) => argument.startsWith('-'));
  return rest.slice(0, end < 0 ? rest.length : end);
}

function note(event: object): void {
  const journal = process.env['STAND_IN_JOURNAL'];
  if (journal) appendFileSync(journal, `${JSON.stringify(event)}\n`);
}
