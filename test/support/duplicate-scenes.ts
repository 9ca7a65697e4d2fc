import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import type { Size } from '../../src/core/hints/display-size.ts';

/** What is to be seen in a scene: a graph of ffmpeg's filters that gives frames of one size and rate. */
export interface Scene {
  readonly name: string;
  readonly graph: (size: Size, fps: number) => string;
}

/** How a scene becomes a lossy video. */
export interface LossyEncoding {
  readonly crf: number;
  readonly preset: 'medium' | 'veryfast';
}

const run = promisify(execFile);
const text = ({ width, height }: Size) => `${width}x${height}`;

/** One picture of a source, for ever. */
const still = (source: string, fps: number) =>
  `${source},format=yuv444p,trim=end_frame=1,loop=-1:1:0,setpts=N/${fps}/TB`;
/** Fine detail and flat parts beside each other. */
const detailed = (size: Size, fps: number) =>
  still(`mandelbrot=s=${text(size)}:start_scale=0.35:end_scale=0.35:maxiter=300`, fps);
const smooth = (size: Size, fps: number) =>
  still(
    `gradients=s=${text(size)}:c0=0x305080:c1=0xd0c0a0:n=2:x0=0:y0=0:x1=${size.width}:y1=${size.height}:seed=4`,
    fps,
  );
const larger = ({ width, height }: Size): Size => ({ width: width + 160, height: height + 80 });
const box = (color: string, width: number, height: number, fps: number) =>
  `color=c=${color}:s=${width}x${height}:r=${fps}`;
const onto = (back: string, front: string, position: string) =>
  `${back}[b];${front}[f];[b][f]overlay=${position}:format=gbrp`;
/** An outlined oval, as cartoons are drawn. */
const actor = ({ height }: Size, fps: number) => {
  const side = 2 * Math.round(height / 4);
  const inside = (limit: number) => `lt(hypot(X-${side / 2},Y-${side / 2}),${(side / 2) * limit})`;
  const fill = `if(${inside(0.9)},200,20)`;
  return still(
    `color=c=black:s=${side}x${side},format=rgba,geq=r='${fill}':g='${fill}':b='${fill}':a='if(${inside(1)},255,0)'`,
    fps,
  ).replace('format=yuv444p,', '');
};

/** Content of animation, drawn at the given rate. */
export const animated: readonly Scene[] = [
  { name: 'shapes', graph: (size, fps) => `testsrc2=s=${text(size)}:r=${fps}` },
  {
    name: 'a figure over a smooth background',
    graph: (size, fps) =>
      onto(
        smooth(size, fps),
        actor(size, fps),
        `x='${size.width / 3}*(1+sin(2*t))':y='${size.height / 4}*(1+cos(3*t))'`,
      ),
  },
  {
    name: 'a figure over detail',
    graph: (size, fps) =>
      onto(detailed(size, fps), actor(size, fps), `x='${size.width / 3}*(1+sin(2*t))':y=20`),
  },
  {
    name: 'only a mouth moves',
    graph: (size, fps) =>
      onto(detailed(size, fps), box('black', 20, 4, fps), `x=${size.width / 2}:y='60+n*5-50*floor(n/10)'`),
  },
  {
    name: 'a camera over detail',
    graph: (size, fps) =>
      `${detailed(larger(size), fps)},crop=${size.width}:${size.height}:x='6*n-150*floor(n/25)':y=40:exact=1`,
  },
];

/** Content that changes a little from each frame to the next. */
export const slow: readonly Scene[] = [
  { name: 'fade from black', graph: (size, fps) => `${detailed(size, fps)},fade=t=in:st=0:d=4` },
  {
    name: 'fade to black',
    graph: (size, fps) =>
      `testsrc2=s=${text(size)}:r=${fps},trim=end_frame=1,loop=-1:1:0,setpts=N/${fps}/TB,fade=t=out:st=0:d=4`,
  },
  { name: 'slow fade', graph: (size, fps) => `${smooth(size, fps)},fade=t=in:st=0:d=7` },
  {
    name: 'cross-fade',
    graph: (size, fps) =>
      `${detailed(size, fps)},fps=${fps},trim=duration=5[a];${smooth(size, fps)},fps=${fps},trim=duration=5[b];[a][b]xfade=duration=4.5:offset=0`,
  },
  {
    name: 'pan over detail',
    graph: (size, fps) =>
      `${detailed(larger(size), fps)},crop=${size.width}:${size.height}:x='n':y=40:exact=1`,
  },
  {
    name: 'pan over a smooth picture',
    graph: (size, fps) =>
      `${smooth(larger(size), fps)},crop=${size.width}:${size.height}:x='n':y='n/2':exact=1`,
  },
  {
    name: 'small dot',
    graph: (size, fps) => onto(detailed(size, fps), box('white', 6, 6, fps), `x='20+n':y=${size.height / 2}`),
  },
  {
    name: 'faint dot',
    graph: (size, fps) =>
      onto(box('0x606060', size.width, size.height, fps), box('0x909090', 4, 4, fps), `x='20+n':y=50`),
  },
  {
    name: 'low contrast',
    graph: (size, fps) =>
      onto(
        box('0x202020', size.width, size.height, fps),
        box('0x2a2a2a', 80, 60, fps),
        `x='20+n':y='40+20*sin(n/12)'`,
      ),
  },
  {
    name: 'slow zoom',
    graph: (size, fps) => `mandelbrot=s=${text(size)}:r=${fps}:start_scale=0.5:end_scale=0.4:end_pts=200`,
  },
  { name: 'grain', graph: (size, fps) => `${smooth(size, fps)},noise=alls=10:allf=t` },
  { name: 'strong grain', graph: (size, fps) => `${detailed(size, fps)},noise=alls=20:allf=t` },
];

/**
 * Makes a scene as a lossless file.
 *
 * @param holdFrames - Each picture is shown for so many frames of 1/24 s.
 */
export async function drawScene(
  path: string,
  scene: Scene,
  { size, holdFrames, frames }: { readonly size: Size; readonly holdFrames: number; readonly frames: number },
): Promise<void> {
  const graph = `${scene.graph(size, 24 / holdFrames)},fps=24,format=yuv420p`;
  const lossless = ['-c:v', 'libx264', '-qp', '0', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p'];
  await ffmpeg(['-filter_complex', graph, '-frames:v', String(frames), ...lossless, path]);
}

/** Encodes a file anew, as H.264. */
export async function encodeLossy(
  source: string,
  target: string,
  { crf, preset }: LossyEncoding,
): Promise<void> {
  await ffmpeg([
    '-i',
    source,
    '-c:v',
    'libx264',
    '-crf',
    String(crf),
    '-preset',
    preset,
    '-threads',
    '2',
    target,
  ]);
}

/** All frames of a file as yuv420p, each valid until the next is taken, with its hash. */
export async function* decodeFrames(
  path: string,
  size: Size,
  filter = 'null',
): AsyncGenerator<{ readonly hash: string; readonly picture: Uint8Array }> {
  const options = ['-i', path, '-vf', filter, '-f', 'rawvideo', '-pix_fmt', 'yuv420p', 'pipe:1'];
  const child = spawn('ffmpeg', ['-nostdin', '-v', 'error', ...options], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const picture = new Uint8Array((size.width * size.height * 3) / 2);
  let filled = 0;
  try {
    for await (const chunk of child.stdout) {
      for (let at = 0; at < chunk.length; ) {
        const part = chunk.subarray(at, at + picture.length - filled);
        picture.set(part, filled);
        filled += part.length;
        at += part.length;
        if (filled < picture.length) continue;
        yield { hash: createHash('md5').update(picture).digest('hex'), picture };
        filled = 0;
      }
    }
  } finally {
    child.kill();
  }
}

/** The worst plane's PSNR of two yuv420p pictures in dB. */
export function psnr(one: Uint8Array, other: Uint8Array, { width, height }: Size): number {
  const luma = width * height;
  const planes = [0, luma, luma + luma / 4, luma + luma / 2];
  const worst = planes.slice(1).map((end, plane) => {
    const start = planes[plane] ?? 0;
    let squares = 0;
    for (let at = start; at < end; at++) squares += ((one[at] ?? 0) - (other[at] ?? 0)) ** 2;
    return squares / (end - start);
  });
  return 10 * Math.log10(255 ** 2 / Math.max(...worst));
}

async function ffmpeg(options: readonly string[]): Promise<void> {
  await run('ffmpeg', ['-nostdin', '-v', 'error', '-y', ...options]);
}
