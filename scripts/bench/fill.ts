/**
 * How well `cosmos retouch --engine fill` brings back what a text hides: over clips whose clean frames are known, text is
 * drawn in a box, and the box is filled. Prints the PSNR of luma inside the box for each clip, as drawn, by ffmpeg's `delogo`
 * over the same box, and filled; and how much successive frames differ inside the box, as a share of the clean ones'.
 *
 *     node scripts/bench/fill.ts [--seed 7] [--radius 32] [--clips pan,zoom] [--crf 18] [--folder DIR] [--json]
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { planesOf, samplesOf } from '../../src/core/frames/frame-format.ts';
import { CropMerger, planCrop } from '../../src/core/regions/crop.ts';
import { contextFramesOf } from '../../src/core/retouch/retouch-settings.ts';
import { fillEngine } from '../../src/worker/retouch/fill/fill-engine.ts';
import { type FillClip, type FillVideo, fillClips, readFillClip } from './support/fill-clips.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '7' },
    radius: { type: 'string', default: String(contextFramesOf({ engine: 'fill', context: 0 })) },
    clips: { type: 'string' },
    crf: { type: 'string' },
    /** Clips are kept here, and not made again. */
    folder: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const radius = Number(values.radius);
const asked = values.clips?.split(',');
const folder = values.folder ?? (await mkdtemp(join(tmpdir(), 'cosmos-bench-fill-')));
await mkdir(folder, { recursive: true });
try {
  const rows = [];
  for (const clip of fillClips(Number(values.seed))) {
    if (asked && !asked.includes(clip.name)) continue;
    rows.push(await measure(clip));
    if (!values.json) console.log(Object.values(rows.at(-1) ?? {}).join('\t'));
  }
  if (values.json) console.log(JSON.stringify({ ...values, rows }));
  else console.table(rows);
} finally {
  if (values.folder === undefined) await rm(folder, { recursive: true, force: true });
}

async function measure(clip: FillClip) {
  const video = await readFillClip(folder, clip, values.crf === undefined ? null : Number(values.crf));
  const started = performance.now();
  const filled = await fill(video);
  const perSecond = (1000 * video.clean.length) / (performance.now() - started);
  const flicker = (frames: readonly Uint8Array[]) => changeOf(video, frames) / changeOf(video, video.clean);
  return {
    clip: clip.name,
    drawn_db: rounded(psnr(video, video.drawn)),
    delogo_db: rounded(psnr(video, video.delogo)),
    fill_db: rounded(psnr(video, filled)),
    flicker: rounded(flicker(filled), 100),
    delogo_flicker: rounded(flicker(video.delogo), 100),
    frames_per_second: rounded(perSecond),
  };
}

/** Every frame with its box filled, as `retouch` does it. */
async function fill(video: FillVideo): Promise<Uint8Array[]> {
  const { format, boxes } = video;
  const engine = fillEngine(radius);
  const filled = video.drawn.map((frame) => frame.slice());
  // A box that moves is a region for each of its places.
  const places = new Map<string, number[]>();
  for (const [at, box] of boxes.entries()) {
    if (!box) continue;
    const key = JSON.stringify(box);
    places.set(key, [...(places.get(key) ?? []), at]);
  }
  for (const [key, frames] of places) {
    const box = JSON.parse(key);
    const merger = new CropMerger(
      planCrop(box, format, { dilatePx: 0, featherPx: 0, marginPx: engine.reachPx(box) }),
      format,
    );
    const { mask, crop } = merger.plan;
    const masks = new Map<string, Uint8Array>();
    const maskAt = (at: number) => {
      const own = boxes[at];
      if (!own) return null;
      const ownKey = JSON.stringify(own);
      const found = masks.get(ownKey) ?? new Uint8Array(crop.width * crop.height);
      if (!masks.has(ownKey)) {
        for (let y = Math.max(own.y, crop.y); y < Math.min(own.y + own.height, crop.y + crop.height); y++) {
          const [from, to] = [Math.max(own.x, crop.x), Math.min(own.x + own.width, crop.x + crop.width)];
          if (to > from)
            found.fill(
              255,
              (y - crop.y) * crop.width + from - crop.x,
              (y - crop.y) * crop.width + to - crop.x,
            );
        }
        masks.set(ownKey, found);
      }
      return found;
    };
    const [first, last] = [frames[0] ?? 0, frames.at(-1) ?? 0];
    const [from, to] = [Math.max(0, first - radius), Math.min(boxes.length, last + 1 + radius)];
    const crops = (async function* () {
      for (let at = from; at < to; at++) {
        const samples = merger.cut(video.drawn[at] ?? new Uint8Array(0));
        yield { samples, mask: maskAt(at), isWanted: frames.includes(at) };
      }
    })();
    const run = {
      format: merger.cropFormat,
      color: video.color,
      box: { ...mask, x: mask.x - crop.x, y: mask.y - crop.y },
      frames: to - from,
    };
    let at = from;
    for await (const made of engine.process(run, crops, new AbortController().signal)) {
      const frame = filled[at];
      if (frame && frames.includes(at)) merger.merge(frame, made);
      at++;
    }
  }
  return filled;
}

/** Of luma, inside the boxes, over all frames that have one. */
function psnr(video: FillVideo, frames: readonly Uint8Array[]): number {
  let [sum, count] = [0, 0];
  for (const [at, frame] of frames.entries()) {
    eachInBox(video, at, (place) => {
      const off =
        (samplesOf(frame, video.format)[place] ?? 0) -
        (samplesOf(video.clean[at] ?? frame, video.format)[place] ?? 0);
      sum += off * off;
      count++;
    });
  }
  const most = video.format.pixelFormat.endsWith('10le') ? 1023 : 255;
  return 10 * Math.log10((most * most * count) / Math.max(sum, 1e-9));
}

/** Mean difference of luma between frames in a row, inside the box of the later one. */
function changeOf(video: FillVideo, frames: readonly Uint8Array[]): number {
  let [sum, count] = [0, 0];
  for (const [at, frame] of frames.entries()) {
    const last = frames[at - 1];
    if (!last || !video.boxes[at - 1]) continue;
    eachInBox(video, at, (place) => {
      sum += Math.abs(
        (samplesOf(frame, video.format)[place] ?? 0) - (samplesOf(last, video.format)[place] ?? 0),
      );
      count++;
    });
  }
  return sum / count;
}

function eachInBox({ format, boxes }: FillVideo, at: number, visit: (place: number) => void): void {
  const box = boxes[at];
  const [luma] = planesOf(format);
  if (!box || !luma) return;
  for (let y = box.y; y < box.y + box.height; y++) {
    for (let x = box.x; x < box.x + box.width; x++) visit(y * luma.width + x);
  }
}

function rounded(value: number, steps = 10): number {
  return Math.round(value * steps) / steps;
}
