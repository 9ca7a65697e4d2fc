import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type FrameFormat, frameBytes } from '../../../src/core/frames/frame-format.ts';
import type { Box } from '../../../src/core/regions/place-region.ts';
import type { Clip } from '../../../src/protocol/segment.ts';

const run = promisify(execFile);

/** A clip whose every frame is known without the text that is drawn over it. */
export interface FillClip {
  readonly name: string;
  /** Inputs and a filter graph for ffmpeg, whose output is the clean clip. */
  readonly inputs: readonly string[];
  readonly graph: string;
  readonly pixelFormat?: string;
  /** Frames that have the text, from the first one to the one before the last one. All unless told. */
  readonly shown?: readonly [number, number];
  /** Where the box lies in a frame, where it is not always in the same place. */
  readonly boxAt?: (frame: number) => Box;
}

export interface FillVideo {
  readonly format: FrameFormat;
  readonly color: Clip['color'];
  readonly clean: readonly Uint8Array[];
  readonly drawn: readonly Uint8Array[];
  readonly delogo: readonly Uint8Array[];
  /** Where the text is in each frame; null where it is not. */
  readonly boxes: readonly (Box | null)[];
}

const [width, height, frames, rate] = [640, 360, 72, 24];
const box: Box = { x: 140, y: 272, width: 360, height: 56 };
/** Big pictures are drawn so many times larger than clips, so that they can move by parts of a pixel. */
const fine = 3;

/** At least ten, of as many kinds. Another seed gives other pictures, speeds and noise. */
export function fillClips(seed: number): FillClip[] {
  const random = numbers(seed);
  const speed = (least: number, most: number) => Math.round(fine * (least + random() * (most - least))) || 1;
  const noise = (strength: number) => `noise=alls=${strength}:allf=t:all_seed=${Math.floor(random() * 1e6)}`;
  const middle = `crop=${width * fine}:${height * fine}`;
  const small = `scale=${width}:${height}:flags=area`;
  const pan = (x: number, y: number, startX = 200, startY = 200) =>
    `${middle}:x=${startX}+n*${x}:y=${startY}+n*${y},${small}`;
  const still = `${middle}:x=${Math.floor(random() * 300)}:y=${Math.floor(random() * 200)},${small}`;
  const shake = `${middle}:x='200+${speed(1, 3)}*sin(n*1.3)+${speed(1, 3)}*sin(n*0.37+1)':y='200+${speed(1, 2)}*sin(n*0.9+2)',${small}`;
  const patch = (x: string, y: string, size: number) => ({ x, y, size });
  const movers = [
    patch(`mod(n*${speed(1, 3)}+100\\,700)-80`, '250', 60),
    patch(`640-mod(n*${speed(1, 3)}+50\\,760)`, '290', 40),
    patch('300', `mod(n*${speed(1, 2)}\\,420)-40`, 50),
  ];
  const overlays = movers
    .map(({ x, y }, at) => `[b${at}][o${at}]overlay=x='${x}':y='${y}':eval=frame[b${at + 1}]`)
    .join(';');
  const objects = movers
    .map(
      ({ size }, at) =>
        `mandelbrot=s=${size}x${size}:r=${rate}:start_scale=0.0${at + 2}:end_scale=0.01,lutyuv=y='128+(val-128)*0.4'[o${at}]`,
    )
    .join(';');
  return [
    { name: 'static-noise', inputs: terrain(seed), graph: `${still},${noise(8)}` },
    { name: 'pan-fractal', inputs: fractal(seed), graph: pan(speed(0.8, 2.5), speed(0.6, 1.6)) },
    { name: 'pan-noise', inputs: terrain(seed + 1), graph: `${pan(0, speed(0.7, 1.5))},${noise(5)}` },
    {
      name: 'zoom',
      inputs: fractal(seed + 2),
      graph: `zoompan=z='1+0.00${2 + Math.floor(random() * 3)}*on':x='iw/2-iw/zoom/2':y='ih*0.35-ih*0.35/zoom':d=1:s=${width * fine}x${height * fine}:fps=${rate},${small}`,
    },
    {
      name: 'moving-objects',
      inputs: terrain(seed + 3),
      graph: `${still}[b0];${objects};${overlays};[b${movers.length}]${noise(3)}`,
      shown: [20, 56],
    },
    {
      name: 'gradients',
      inputs: [
        '-f',
        'lavfi',
        '-i',
        `gradients=s=${width}x${height}:r=${rate}:seed=${seed + 4}:speed=0.0${1 + Math.floor(random() * 3)}`,
      ],
      graph: noise(3),
    },
    {
      name: 'moving-box',
      inputs: terrain(seed + 5),
      graph: `${still},${noise(2)}`,
      boxAt: (frame) => ({ x: 20 + 6 * frame, y: 150 + Math.round(0.5 * frame), width: 180, height: 48 }),
    },
    { name: 'subtitle', inputs: terrain(seed + 6), graph: `${still},${noise(6)}`, shown: [18, 54] },
    {
      name: 'pan-10-bit',
      inputs: terrain(seed + 7),
      graph: `format=yuv420p10le,${pan(speed(0.5, 1.5), -speed(0.6, 1.2), 200, 500)}`,
      pixelFormat: 'yuv420p10le',
    },
    {
      name: 'busy-texture',
      inputs: [
        '-f',
        'lavfi',
        '-i',
        `cellauto=s=${width / 2}x${height / 2}:r=${rate}:rule=${[30, 110, 18, 45][seed % 4]}:seed=${seed + 8}:full=1`,
      ],
      graph: `format=gray,scale=${width}:${height}:flags=bilinear,lutyuv=y='60+val*0.5',format=yuv420p,${noise(4)}`,
    },
    {
      name: 'cut',
      inputs: [...terrain(seed + 9), ...fractal(seed + 10)],
      graph: `[0]${pan(speed(0.5, 2), speed(0.7, 1.5))},trim=end_frame=36[a];[1]${pan(-speed(0.5, 1.5), speed(0.7, 1.5), 500, 200)},trim=end_frame=36[b];[a][b]concat,${noise(3)}`,
    },
    { name: 'hand-held', inputs: fractal(seed + 11), graph: `${shake},${noise(3)}`, shown: [24, 60] },
    {
      name: 'fade-pan',
      inputs: terrain(seed + 12),
      graph: `${pan(speed(0.5, 1.5), speed(0.7, 1.5))},fade=out:0:72`,
    },
  ];
}

/** A picture with detail of all sizes, as landscapes have it: sums of noise, each blurred more than the one before. */
function terrain(seed: number): string[] {
  const [wide, high] = [width * fine + 600, height * fine + 600];
  const layers = [2, 6, 20, 70, 200];
  const parts = layers.map(
    (sigma, at) =>
      `color=gray:s=${Math.ceil(wide / sigma)}x${Math.ceil(high / sigma)}:r=1:d=1,format=yuv444p,noise=alls=100:all_seed=${seed * 31 + at},lutyuv=u='128+(val-128)*0.3':v='128+(val-128)*0.3',scale=${wide}:${high}:flags=bicubic[l${at}]`,
  );
  const sum = `[l0][l1]blend=all_expr='clip(128+(A-128)*0.07+(B-128)*0.14\\,0\\,255)'[s1];[s1][l2]blend=all_expr='clip(128+(A-128)+(B-128)*0.21\\,0\\,255)'[s2];[s2][l3]blend=all_expr='clip(128+(A-128)+(B-128)*0.35\\,0\\,255)'[s3];[s3][l4]blend=all_expr='clip(128+(A-128)+(B-128)*0.63\\,0\\,255)'`;
  return picture(`${parts.join(';')};${sum}`);
}

function fractal(seed: number): string[] {
  const places = [
    ['-0.743643887', '-0.131825904', '0.006'],
    ['-0.77568377', '-0.13646737', '0.02'],
    ['-1.25066', '-0.02012', '0.01'],
    ['0.001643721', '-0.822467633', '0.03'],
    ['-0.10109636', '-0.95628651', '0.02'],
  ];
  const [x, y, scale] = places[seed % places.length] ?? [];
  return picture(
    `mandelbrot=s=${width * fine + 600}x${height * fine + 600}:r=1:start_x=${x}:start_y=${y}:start_scale=${scale}:end_scale=${scale}:maxiter=600,trim=end_frame=1,format=yuv444p`,
  );
}

/** One picture, shown for as long as a clip is. */
function picture(graph: string): string[] {
  return ['-f', 'lavfi', '-i', `${graph},loop=${frames}:1,setpts=N/${rate}/TB,fps=${rate}`];
}

/** Makes a clip and reads it back, clean, with the text, and with the box after ffmpeg's `delogo`. */
export async function readFillClip(folder: string, clip: FillClip, crf: number | null): Promise<FillVideo> {
  const format = { width, height, pixelFormat: clip.pixelFormat ?? 'yuv420p' };
  const boxes = Array.from({ length: frames }, (_, at) => {
    const [first, end] = clip.shown ?? [0, frames];
    return at < first || at >= end ? null : (clip.boxAt?.(at) ?? box);
  });
  const path = (name: string) => join(folder, `${clip.name}-${name}.mkv`);
  const make = async (name: string, args: readonly string[]) => {
    if (!existsSync(path(name))) await ffmpeg([...args, path(name)]);
    return path(name);
  };
  const lossless = ['-c:v', 'ffv1', '-pix_fmt', format.pixelFormat];
  const lossy = ['-c:v', 'libx264', '-crf', `${crf}`, '-pix_fmt', format.pixelFormat];
  const graph = ['-filter_complex', `${clip.graph},format=${format.pixelFormat}`, '-frames:v', `${frames}`];
  const source = await make('clean', [...clip.inputs, ...graph, ...lossless]);
  const name = crf === null ? 'drawn' : `drawn-${crf}`;
  const text = ['-vf', textFilters(boxes), ...(crf === null ? lossless : lossy)];
  const written = await make(name, ['-i', source, ...text]);
  const blurred = await make(`${name}-delogo`, ['-i', written, '-vf', delogoFilters(boxes), ...lossless]);
  const [clean, drawn, delogo] = await Promise.all(
    [source, written, blurred].map(async (each) => await framesOf(each, format)),
  );
  return {
    format,
    boxes,
    color: { range: null, space: null, primaries: null, transfer: null, chroma_location: null },
    clean: clean ?? [],
    drawn: drawn ?? [],
    delogo: delogo ?? [],
  };
}

/** Runs of frames with the box in one place. */
function* runsOf(boxes: readonly (Box | null)[]) {
  let first = 0;
  for (let at = 1; at <= boxes.length; at++) {
    const own = boxes[first];
    if (at < boxes.length && JSON.stringify(boxes[at]) === JSON.stringify(own)) continue;
    if (own) yield { box: own, enable: `enable='between(n,${first},${at - 1})'` };
    first = at;
  }
}

function textFilters(boxes: readonly (Box | null)[]): string {
  return [...runsOf(boxes)]
    .map(({ box: { x, y, width: wide, height: high }, enable }) => {
      const size = Math.floor(high * 0.62);
      const place = `x=${x}+(${wide}-text_w)/2:y=${y}+(${high}-text_h)/2`;
      return `drawtext=font=Sans:text='${wide > 200 ? 'What was hidden here' : 'cosmos'}':fontsize=${Math.min(size, Math.floor(wide / 11))}:fontcolor=white:borderw=2:${place}:${enable}`;
    })
    .join(',');
}

function delogoFilters(boxes: readonly (Box | null)[]): string {
  return [...runsOf(boxes)]
    .map(
      ({ box: { x, y, width: wide, height: high }, enable }) =>
        `delogo=x=${x}:y=${y}:w=${wide}:h=${high}:${enable}`,
    )
    .join(',');
}

async function ffmpeg(args: readonly string[]): Promise<Buffer> {
  const { stdout } = await run('ffmpeg', ['-v', 'error', '-nostdin', '-y', ...args], {
    encoding: 'buffer',
    maxBuffer: 2 ** 30,
  });
  return stdout;
}

async function framesOf(path: string, format: FrameFormat): Promise<Uint8Array[]> {
  const all = await ffmpeg(['-i', path, '-f', 'rawvideo', '-pix_fmt', format.pixelFormat, '-']);
  const size = frameBytes(format);
  return Array.from(
    { length: Math.floor(all.length / size) },
    (_, at) => new Uint8Array(all.subarray(at * size, (at + 1) * size)),
  );
}

/** Mulberry32: the same numbers from 0 to 1 for the same seed. */
function numbers(seed: number): () => number {
  let state = seed * 0x9e3779b1;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
