/**
 * Makes a folder of PromptSpecs with real videos of many sizes and shapes, as the demo and the docs use it:
 * `node scripts/make-demo.ts DIR`. Everything is drawn by ffmpeg, so nothing has to be downloaded.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import pMap from 'p-map';
import { formatSpec } from '../src/core/spec/parse-spec.ts';
import { specFileName } from '../src/core/spec/spec-file-name.ts';
import { specIdOf } from '../src/core/spec/spec-id.ts';

const run = promisify(execFile);
const madeAt = new Date('2026-01-10T09:30:00Z');

/** `source` is a drawing of ffmpeg's; `filters` what is done to it; sizes are as stored. */
const scenes = [
  {
    name: 'harbour_dawn',
    prompt: 'Container cranes at dawn, thin fog over the water',
    source: 'gradients=s=1920x1080:c0=0x203050:c1=0xe0a070:c2=0x809090:n=3:d=3:r=24:speed=0.02',
  },
  {
    name: 'harbour_noon',
    prompt: 'The same harbour at noon, hard light',
    source: 'gradients=s=1280x720:c0=0x60a0d0:c1=0xf0f0e0:n=2:d=3:r=25:speed=0.01',
  },
  {
    name: 'warehouse_robot',
    prompt: 'A robot arm sorts parcels under neon tubes',
    source: 'testsrc2=s=1280x704:r=24:d=2',
  },
  {
    name: 'night_street',
    prompt: 'Rain on a night street',
    source: 'life=s=640x360:mold=10:r=24:ratio=0.1:death_color=#101828:life_color=#f0d080',
    seconds: 2,
  },
  {
    name: 'portrait_phone',
    prompt: 'A dancer on a rooftop, filmed upright on a phone',
    source: 'mandelbrot=s=1080x1920:r=30',
    seconds: 1.5,
  },
  {
    name: 'glass_corridor',
    prompt: 'A glass corridor with long reflections',
    source: 'smptehdbars=s=853x480:r=30:d=2',
  },
  {
    name: 'café_été',
    prompt: 'Un marché à Kyōto, lanternes 提灯 et pluie légère 🌧',
    source: 'cellauto=s=720x576:rule=110:r=25',
    seconds: 2,
    filters: 'setsar=64/45',
  },
  {
    name: 'desert_road',
    prompt: 'A desert road at dusk, a truck far away',
    source: 'gradients=s=2560x1080:c0=0x402010:c1=0xd08040:n=2:d=2:r=24',
  },
  { name: 'already_small', prompt: 'A tram passes a brick facade', source: 'rgbtestsrc=s=256x144:r=24:d=2' },
  {
    name: 'blink',
    prompt: 'A camera flash in a dark studio',
    source: 'color=c=black:s=1280x720:r=30:d=0.3',
    filters: 'fade=t=out:st=0:d=0.25:color=white',
  },
  { name: 'single_frame', prompt: 'A chessboard on a table, one still', source: 'testsrc=s=640x480:r=1:d=1' },
  {
    name: 'control_only',
    prompt: 'A car turns into a narrow lane',
    source: 'sierpinski=s=640x480:r=24',
    seconds: 2,
    control: 'edge',
  },
] as const;

async function makeScene(scene: (typeof scenes)[number], folder: string): Promise<void> {
  const control = 'control' in scene ? scene.control : null;
  const relativePath = `videos/${scene.name}/${control ?? 'color'}.mp4`;
  await drawVideo(scene, join(folder, 'specs', relativePath));
  const videoPath = control === null ? relativePath : '';
  const controlInputs = control === null ? {} : { [control]: relativePath };
  const id = specIdOf({ prompt: scene.prompt, videoPath, controlInputs });
  const path = join(folder, 'specs', specFileName(scene.name, madeAt, id));
  await mkdir(dirname(path), { recursive: true });
  const spec = {
    id,
    name: scene.name,
    prompt: scene.prompt,
    negative_prompt: 'blurry, low resolution, cartoonish, bad geometry',
    input_video_path: videoPath,
    control_inputs: controlInputs,
    timestamp: madeAt.toISOString(),
    is_upsampled: false,
    parent_prompt_text: null,
  };
  await writeFile(path, formatSpec(spec));
}

async function drawVideo(scene: (typeof scenes)[number], path: string): Promise<void> {
  if (existsSync(path)) return;
  await mkdir(dirname(path), { recursive: true });
  const seconds = 'seconds' in scene ? ['-t', String(scene.seconds)] : [];
  const filters = 'filters' in scene ? [scene.filters] : [];
  // libx264 wants even sides in 4:2:0.
  const filter = [...filters, 'scale=trunc(iw/2)*2:trunc(ih/2)*2', 'format=yuv420p'].join(',');
  const input = ['-f', 'lavfi', '-i', scene.source];
  await run('ffmpeg', [
    '-v',
    'error',
    '-y',
    ...input,
    ...seconds,
    '-vf',
    filter,
    '-c:v',
    'libx264',
    '-preset',
    'veryfast',
    path,
  ]);
}

const folder = process.argv[2] ?? 'demo';
await pMap(scenes, (scene) => makeScene(scene, folder), { concurrency: availableParallelism() });
process.stdout.write(`${scenes.length} PromptSpecs with videos in ${folder}/specs\n`);
