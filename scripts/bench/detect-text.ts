/**
 * How well `cosmos retouch --detect text` finds writing in videos of which it is known where it is: clips from a seed, with
 * subtitles that come and go, text that moves, counters, on backgrounds without writing of their own, in 8 and 10 bits.
 * Prints a table, or JSON with `--json`; ends with 1 where the goals are missed. Needs a build, and takes a quarter of an hour.
 *
 *     node scripts/bench/detect-text.ts [--clips 60] [--seed 1] [--json]
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ProcessDetectorTool } from '../../src/adapters/detect/detector-process.ts';
import { FfmpegFrameTool } from '../../src/adapters/frames/ffmpeg-frame-tool.ts';
import { FfmpegVideoTool } from '../../src/adapters/video/ffmpeg-video-tool.ts';
import { partialObserver } from '../../src/output/progress/observers.ts';
import type { DetectorTool } from '../../src/ports/detector.ts';
import type { VideoObserver } from '../../src/ports/run-observer.ts';
import { detectRegions } from '../../src/services/retouch/detect-regions.ts';
import { planClip } from '../../src/services/video/plan-clip.ts';
import { scanVideo } from '../../src/services/video/scan-video.ts';
import {
  type ClipScore,
  installedFonts,
  judge,
  type TextClip,
  textClip,
  truthOf,
  writeClip,
} from './support/text-clips.ts';

const goals = { covered: 0.97, gaps: 0, touched: 0.02 };

/** What `--detect text` makes of one clip, by the services that the command calls. */
export async function measureClip(
  clip: TextClip,
  folder: string,
  detectors: DetectorTool,
): Promise<ClipScore & { ms: number }> {
  const path = join(folder, `clip-${clip.number}.mp4`);
  writeClip(clip, path);
  const [video, frames] = [new FfmpegVideoTool(), new FfmpegFrameTool()];
  const observer = partialObserver<VideoObserver>({});
  const { signal } = new AbortController();
  const facts = await video.inspect(path, signal);
  const { clip: planned } = planClip(facts, 'mp4', { takesRgb: false, scale: 1 });
  const scan = { path, facts, dedupe: 'exact', isKeptGoing: false } as const;
  const { timeline } = await scanVideo(scan, { video }, observer, signal);
  const begun = performance.now();
  const request = { what: 'text', classes: [], confidence: 'auto' } as const;
  const found = { path, facts, clip: planned, timeline };
  const regions = await detectRegions(request, found, { detectors, frames }, observer, signal);
  const ms = performance.now() - begun;
  const byFrame = Array.from({ length: clip.frames }, (_, frame) =>
    regions
      .filter(({ firstFrame, frames: count }) => frame >= firstFrame && frame < firstFrame + count)
      .map(({ box }) => box),
  );
  await rm(path);
  return { ...judge(clip, truthOf(clip), byFrame), ms };
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      clips: { type: 'string', default: '60' },
      seed: { type: 'string', default: '1' },
      json: { type: 'boolean', default: false },
    },
  });
  const folder = await mkdtemp(join(tmpdir(), 'cosmos-bench-detect-'));
  const detectors = new ProcessDetectorTool(join(import.meta.dirname, '../../dist/worker.mjs'));
  const fonts = installedFonts();
  const rows: { readonly clip: TextClip; readonly score: ClipScore & { readonly ms: number } }[] = [];
  try {
    for (let number = 0; number < Number(values.clips); number++) {
      const clip = textClip(Number(values.seed), number, fonts);
      const score = await measureClip(clip, folder, detectors);
      rows.push({ clip, score });
      if (!values.json) console.log(rowText(clip, score));
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  const total = (of: (score: ClipScore) => number) => rows.reduce((sum, { score }) => sum + of(score), 0);
  const withText = total((score) => score.withText);
  const withoutText = total((score) => score.withoutText);
  const result = {
    seed: Number(values.seed),
    clips: rows.length,
    frames: withText + withoutText,
    frames_with_text: withText,
    covered_share: total((score) => score.covered) / withText,
    mean_overlap: total((score) => score.meanOverlap * score.withText) / withText,
    text_area_covered: total((score) => score.coverage * score.withText) / withText,
    gap_frames: total((score) => score.gaps),
    frames_without_text: withoutText,
    touched_share: total((score) => score.touched) / withoutText,
    seconds: rows.reduce((sum, { score }) => sum + score.ms, 0) / 1000,
  };
  if (values.json) console.log(JSON.stringify({ ...result, rows }));
  else console.table(result);
  const { covered_share: covered, gap_frames: gaps, touched_share: touched } = result;
  process.exitCode = covered >= goals.covered && gaps <= goals.gaps && touched <= goals.touched ? 0 : 1;
}

function rowText({ number, kind, background, width, height, items }: TextClip, score: ClipScore): string {
  const { withText, covered, gaps, withoutText, touched, meanOverlap, coverage } = score;
  return [
    `${number} ${kind} on ${background} ${width}x${height}, ${items[0]?.sizePx} px:`,
    `${covered}/${withText} covered, ${gaps} in gaps, ${touched}/${withoutText} touched,`,
    `overlap ${meanOverlap.toFixed(2)}, ${(100 * coverage).toFixed(0)} % of the text`,
  ].join(' ');
}
