import { execFile } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import type { ReportHeader, ReportItem } from '../../src/core/upsample/upsample-report.ts';
import type { PageLimits } from '../../src/output/report/specs/spec-data.ts';
import { renderUpsampleReport } from '../../src/output/report/upsample/render-upsample-report.ts';
import { sampleHeader } from './sample-run.ts';

const sources = ['testsrc2=s=320x180', 'mandelbrot=s=320x180', 'gradients=s=320x180:c0=orange:c1=navy'];

/** What a page is made from; everything else is that of the sample run. */
export interface PageContent {
  readonly items: readonly ReportItem[];
  readonly header?: Partial<ReportHeader>;
  readonly frames?: readonly Uint8Array[];
  readonly limits?: PageLimits;
}

/** Writes a report as the program would and returns its path. Spec `n` shows the frames `2n` and `2n + 1`. */
export async function writePage(folder: string, name: string, content: PageContent): Promise<string> {
  const { items, frames = [] } = content;
  const path = join(folder, `${name}.html`);
  const readMedia = async (item: ReportItem) => {
    const first = (items.indexOf(item) * 2) % Math.max(1, frames.length);
    const isSeen = item.frames_used !== null || item.hint !== null;
    return { frames: isSeen ? frames.slice(first, first + 2) : [], videos: [] };
  };
  const page = renderUpsampleReport(
    sampleHeader(items, content.header),
    inTurn(items),
    readMedia,
    content.limits,
  );
  await pipeline(Readable.from(page), createWriteStream(path));
  return path;
}

/** Two dozen real JPEG frames of 320x180, made by ffmpeg. */
export async function makeFrames(folder: string): Promise<Uint8Array[]> {
  const target = join(folder, 'frames');
  await mkdir(target, { recursive: true });
  for (const [number, source] of sources.entries()) {
    const out = join(target, `${number}_%02d.jpg`);
    const input = ['-f', 'lavfi', '-i', `${source}:r=2`, '-frames:v', '8', '-q:v', '4'];
    await promisify(execFile)('ffmpeg', ['-v', 'error', '-y', ...input, out]);
  }
  const names = (await readdir(target)).sort();
  return Promise.all(names.map((file) => readFile(join(target, file))));
}

/** The items one after the other, as a run's journal gives them. */
export async function* inTurn(items: readonly ReportItem[]): AsyncGenerator<ReportItem> {
  yield* items;
}
