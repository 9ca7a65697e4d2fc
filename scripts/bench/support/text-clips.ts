import { execFileSync } from 'node:child_process';
import type { Size } from '../../../src/core/hints/display-size.ts';
import type { Box } from '../../../src/core/regions/place-region.ts';
import { randomNumbers } from '../../../test/support/onnx/sample-models.ts';

/** One line of writing in a clip, and when it is shown. */
interface TextItem {
  readonly text: string;
  readonly font: string;
  readonly sizePx: number;
  readonly color: string;
  readonly outlinePx: number;
  readonly outlineColor: string;
  /** Where its left upper corner is, as expressions of ffmpeg's `drawtext`. */
  readonly x: string;
  readonly y: string;
  /** Frames from 0. */
  readonly first: number;
  readonly end: number;
}

/** A clip whose writing is known. */
export interface TextClip extends Size {
  readonly number: number;
  readonly kind: string;
  readonly background: string;
  readonly frameRate: number;
  readonly frames: number;
  readonly pixelFormat: 'yuv420p' | 'yuv420p10le';
  readonly items: readonly TextItem[];
}

const sizes = [
  [480, 270],
  [640, 360],
  [640, 360],
  [640, 360],
  [854, 480],
  [1280, 720],
] as const;

/** Without colours it would take others each time. */
function gradients({ width, height }: Size, seed: number): string {
  const next = randomNumbers(seed);
  const colors = Array.from({ length: 5 }, (_, index) => {
    const color = Math.floor(next() * 0xffffff);
    return `c${index}=0x${color.toString(16).padStart(6, '0')}`;
  });
  return `gradients=s=${width}x${height}:n=5:speed=0.03:seed=${seed}:${colors.join(':')}`;
}

/** Pictures that hold no writing of their own. */
const backgrounds: Readonly<Record<string, (size: Size, seed: number) => string>> = {
  gradients: (size, seed) => gradients(size, seed),
  noise: (size, seed) => `${gradients(size, seed)},format=yuv444p,noise=alls=25:allf=t:all_seed=${seed}`,
  mandelbrot: ({ width, height }) => `mandelbrot=s=${width}x${height}:start_scale=0.8:end_pts=200`,
  scroll: ({ width, height }) => `smptebars=s=${width}x${height},scroll=h=0.004:v=0.002`,
  life: ({ width, height }, seed) =>
    `life=s=${width}x${height}:mold=10:ratio=0.1:seed=${seed}:death_color=0x204080:life_color=0xc0a060:mold_color=0x406020`,
  bars: ({ width, height }) => `smptehdbars=s=${width}x${height}`,
};

const words = (
  'the quick brown fox jumps over a lazy dog while seven old sailors sing about distant harbours and cold winter ' +
  'nights Chapter Two Tomorrow REC 2026 Camera 14 Take 03 Draft Confidential Part I Final Cut Scene 8B'
).split(' ');
const kinds = [
  'caption',
  'subtitles',
  'subtitles',
  'across',
  'up',
  'wave',
  'two lines',
  'counter',
  'corner',
] as const;
const colors = ['white', 'white', 'yellow', '0xffe0a0', '0xa0e0ff', 'black'];

/** The clip of this number and seed: the same every time, where the same fonts are installed. */
export function textClip(seed: number, number: number, fonts: readonly string[]): TextClip {
  const next = randomNumbers(seed * 1000 + number + 1);
  for (let skipped = 0; skipped < 8; skipped++) next();
  const pick = <T>(all: readonly T[]): T => all[Math.floor(next() * all.length)] as T;
  const [width, height] = pick(sizes);
  const frameRate = pick([24, 25, 30]);
  const frames = Math.round(frameRate * (1.6 + next()));
  const background = Object.keys(backgrounds)[number % Object.keys(backgrounds).length] as string;
  const kind = pick(kinds);
  const sizePx = Math.round(Math.max(14, height * (0.045 + 0.075 * next() ** 2)));
  const color = pick(colors);
  const style = {
    ...{ font: pick(fonts), sizePx, color },
    outlinePx: Math.max(1, Math.round(sizePx / 14)),
    outlineColor: color === 'black' ? 'white' : 'black',
  };
  const phrase = (count: number) => Array.from({ length: count }, () => pick(words)).join(' ');
  const between = (least: number, most: number) => least + Math.floor(next() * (most - least + 1));
  const first = between(0, Math.round(frames / 4));
  const end = frames - between(0, Math.round(frames / 4));
  const speed = (0.5 + 4.5 * next()) * (width / 640);
  const [left, low] = ['(w-tw)/2', `h*0.88-${sizePx}`];
  const whole = { ...style, first, end };
  const line = (text: string, x: string, y: string) => ({ ...whole, text, x, y });
  const itemsOf: Readonly<Record<(typeof kinds)[number], () => TextItem[]>> = {
    caption: () => [line(phrase(between(2, 4)), left, low)],
    corner: () => [line(phrase(2), 'w*0.05', 'h*0.06')],
    counter: () => [line('Frame %{n}', 'w*0.95-tw', 'h*0.06')],
    'two lines': () => [
      line(phrase(between(2, 4)), left, `h*0.86-${Math.round(2.3 * sizePx)}`),
      line(phrase(between(2, 4)), left, `h*0.88-${sizePx}`),
    ],
    subtitles: () => {
      // One comes right after another, and one after a while.
      const [a, b, c] = [first, first + between(15, 30), first + between(31, 45)];
      const gap = pick([0, 4, 12, 20]);
      const times = [
        [a, b],
        [b, c],
        [c + gap, end],
      ] as const;
      return times
        .filter(([from, to]) => to - from > 5)
        .map(([from, to]) => ({ ...line(phrase(between(1, 4)), left, low), first: from, end: to }));
    },
    across: () => [
      line(phrase(between(2, 3)), `w*0.1+${speed.toFixed(2)}*n`, `h*${(0.2 + 0.6 * next()).toFixed(2)}`),
    ],
    up: () => [line(phrase(between(2, 3)), left, `h*0.9-${(speed * 0.6).toFixed(2)}*n`)],
    wave: () => [
      line(phrase(2), `w*0.3+w*0.15*sin(n/${between(12, 30)})`, `h*0.5+h*0.2*sin(n/${between(15, 40)})`),
    ],
  };
  return {
    ...{ number, kind, background, width, height, frameRate, frames, items: itemsOf[kind]() },
    pixelFormat: number % 2 === 0 ? 'yuv420p' : 'yuv420p10le',
  };
}

function drawn(item: TextItem, outlineColor: string): string {
  const { text, font, sizePx, color, outlinePx, x, y, first, end } = item;
  return [
    `drawtext=fontfile='${font}':text='${text}':fontsize=${sizePx}:fontcolor=${color}`,
    `borderw=${outlinePx}:bordercolor=${outlineColor}:x='${x}':y='${y}':enable='between(n,${first},${end - 1})'`,
  ].join(':');
}

/** Writes the clip: H.264, as videos come. */
export function writeClip(clip: TextClip, path: string): void {
  const { background, frameRate, frames, pixelFormat, items } = clip;
  const source = backgrounds[background]?.(clip, clip.number + 1);
  const text = items.map((item) => drawn(item, item.outlineColor)).join(',');
  execFileSync('ffmpeg', [
    ...[
      '-v',
      'error',
      '-y',
      '-f',
      'lavfi',
      '-i',
      `${source},fps=${frameRate},setpts=N/${frameRate}/TB,${text}`,
    ],
    ...['-frames:v', String(frames), '-c:v', 'libx264', '-preset', 'veryfast', '-crf', '18'],
    ...['-pix_fmt', pixelFormat, path],
  ]);
}

/** What is brighter in white writing on black is part of it. */
const inkLevel = 48;

/** For each frame, the boxes around the ink of each line: the same writing, drawn white on black. */
export function truthOf(clip: TextClip): Box[][] {
  const { width, height, frameRate, frames, items } = clip;
  const boxes: Box[][] = Array.from({ length: frames }, () => []);
  for (const item of items) {
    const text = drawn({ ...item, color: 'white' }, 'white');
    const bytes = execFileSync(
      'ffmpeg',
      [
        ...['-v', 'error', '-f', 'lavfi', '-i', `color=c=black:s=${width}x${height}:r=${frameRate},${text}`],
        ...['-frames:v', String(frames), '-f', 'rawvideo', '-pix_fmt', 'gray', '-'],
      ],
      { maxBuffer: width * height * (frames + 1) },
    );
    for (let frame = 0; frame < frames; frame++) {
      const ink = inkBox(bytes.subarray(frame * width * height, (frame + 1) * width * height), width);
      if (ink) boxes[frame]?.push(ink);
    }
  }
  return boxes;
}

function inkBox(gray: Uint8Array, width: number): Box | null {
  let [left, right, top, bottom] = [width, 0, -1, 0];
  for (const [at, level] of gray.entries()) {
    if (level < inkLevel) continue;
    const [x, y] = [at % width, Math.floor(at / width)];
    [left, right] = [Math.min(left, x), Math.max(right, x + 1)];
    [top, bottom] = [top < 0 ? y : top, y + 1];
  }
  return top < 0 ? null : { x: left, y: top, width: right - left, height: bottom - top };
}

/** How regions fit to the writing of a clip. */
export interface ClipScore {
  /** Frames with writing. */
  readonly withText: number;
  /** Of those, frames where the area of all regions and that of all writing overlap by 0.7 or better. */
  readonly covered: number;
  /** Frames with writing that no region touches though one does before and after, while the same is shown. */
  readonly gaps: number;
  readonly withoutText: number;
  /** Of those, frames with a region. */
  readonly touched: number;
  /** Mean overlap of frames with writing. */
  readonly meanOverlap: number;
  /** Part of the writing's boxes that regions cover, in all frames. */
  readonly coverage: number;
}

export const enoughOverlap = 0.7;

/** @param regions - For each frame, the boxes of the regions. */
export function judge(
  { width, height }: Size,
  truth: readonly Box[][],
  regions: readonly (readonly Box[])[],
): ClipScore {
  const score = { withText: 0, covered: 0, gaps: 0, withoutText: 0, touched: 0, overlaps: 0, hit: 0, all: 0 };
  const isHit: (boolean | null)[] = [];
  for (const [frame, boxes] of truth.entries()) {
    const found = regions[frame] ?? [];
    if (boxes.length === 0) {
      isHit.push(null);
      score.withoutText += 1;
      if (found.length > 0) score.touched += 1;
      continue;
    }
    const [wanted, got] = [painted(boxes, width, height), painted(found, width, height)];
    let [both, either, ink] = [0, 0, 0];
    for (const [at, value] of wanted.entries()) {
      ink += value;
      both += value & (got[at] ?? 0);
      either += value | (got[at] ?? 0);
    }
    score.withText += 1;
    score.overlaps += both / either;
    if (both / either >= enoughOverlap) score.covered += 1;
    isHit.push(both > 0);
    score.hit += both;
    score.all += ink;
  }
  for (const [frame, hit] of isHit.entries()) {
    const isOpen = (rest: readonly (boolean | null)[]) => {
      const end = rest.findIndex((each) => each !== false);
      return end >= 0 && rest[end] === true;
    };
    if (hit === false && isOpen(isHit.slice(frame + 1)) && isOpen(isHit.slice(0, frame).reverse()))
      score.gaps += 1;
  }
  const { withText, covered, gaps, withoutText, touched, overlaps, hit, all } = score;
  return {
    ...{ withText, covered, gaps, withoutText, touched },
    meanOverlap: withText === 0 ? 1 : overlaps / withText,
    coverage: all === 0 ? 1 : hit / all,
  };
}

function painted(boxes: readonly Box[], width: number, height: number): Uint8Array {
  const picture = new Uint8Array(width * height);
  for (const { x, y, width: across, height: down } of boxes)
    for (let row = y; row < Math.min(height, y + down); row++)
      picture.fill(1, row * width + x, row * width + Math.min(width, x + across));
  return picture;
}

/** Fonts that ffmpeg can draw Latin letters with, as fontconfig lists them. */
export function installedFonts(): string[] {
  const listed = execFileSync('fc-list', [':lang=en', 'file'], { encoding: 'utf8' });
  return listed
    .split('\n')
    .map((line) => line.replace(/:\s*$/, '').trim())
    .filter((path) => /\.(ttf|otf)$/i.test(path) && !/[':\\]|Math|Emoji|Symbol/i.test(path))
    .sort();
}
