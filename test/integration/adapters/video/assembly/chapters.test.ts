import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../../../../support/temporary-folder.ts';
import { assembleChecked, h264, smallClip } from './assemble-checked.ts';
import { ffmpeg } from './ffmpeg-runs.ts';

const folder = await temporaryFolder();

/** A film of 1.2 s with chapters of these times in seconds, whose titles have all that a title may have. */
async function filmWith(name: string, chapters: readonly (readonly [number, number])[]): Promise<string> {
  const lines = chapters.flatMap(([start, end], index) => [
    ...['[CHAPTER]', 'TIMEBASE=1/1000', `START=${start * 1000}`, `END=${end * 1000}`],
    `title=${index} a\\=b\\; \\#c \\\\ é`,
  ]);
  await writeFile(join(folder, 'chapters.txt'), `;FFMETADATA1\n${lines.join('\n')}\n`);
  const path = join(folder, name);
  const maps = ['-map', '0', '-map_chapters', '1'];
  await ffmpeg(...smallClip, '-i', join(folder, 'chapters.txt'), ...maps, ...h264, path);
  return path;
}

async function chaptersOf(source: string, output: string) {
  const { probe } = await assembleChecked(source, join(folder, output));
  const chapters = probe.chapters.map(({ start_time, end_time, tags }) => [
    Number(Number(start_time).toFixed(1)),
    Number(Number(end_time).toFixed(1)),
    tags?.['title'],
  ]);
  return { chapters, seconds: Number(probe.format.duration) };
}

it.each(['late.mkv', 'late.mp4'])('makes no film longer than it is: from %s', async (name) => {
  const source = await filmWith(name, [
    [0, 0.5],
    [0.5, 60],
    [70, 80],
  ]);
  for (const output of ['of-late.mp4', 'of-late.mov', 'of-late.mkv']) {
    const { chapters, seconds } = await chaptersOf(source, output);
    expect(seconds).toBeCloseTo(1.21, 1);
    expect(chapters).toEqual([
      [0, 0.5, '0 a=b; #c \\ é'],
      [0.5, 1.2, '1 a=b; #c \\ é'],
    ]);
  }
});

it.each(['gap.mp4', 'gap.mov'])('keeps where the first chapter begins in %s', async (output) => {
  const source = await filmWith('gap.mkv', [[0.5, 1.2]]);
  const { chapters } = await chaptersOf(source, output);
  expect(chapters.map(([start, , title]) => [start, title || null])).toEqual([
    [0, null],
    [0.5, '0 a=b; #c \\ é'],
  ]);
});
