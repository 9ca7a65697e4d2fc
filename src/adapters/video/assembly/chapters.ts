import { isMatroska, type OutputContainer } from '../../../core/frames/container-limits.ts';
import { cutChapters, filmEndSeconds } from '../../../core/frames/cut-chapters.ts';
import type { AssemblyRequest } from '../../../ports/video-tool.ts';
import type { Presentation } from '../../muxing/presentation.ts';
import type { FileChapter } from '../verification/file-facts.ts';

/** By which ffmpeg reads chapters of a text, in microseconds. */
export const chapterFileOptions: readonly string[] = [
  ...['-protocol_whitelist', 'file', '-format_whitelist', 'ffmetadata', '-f', 'ffmetadata'],
];

/**
 * The chapters of the output as a text for ffmpeg, where they are not simply the source's; else null. The chapters of
 * MP4 and QuickTime are a track whose first sample ffmpeg takes for the beginning, so that something has to be there.
 */
export function chapterText(
  chapters: readonly FileChapter[],
  container: OutputContainer,
  { source: { facts }, timeline }: Pick<AssemblyRequest, 'source' | 'timeline'>,
  { shiftUs }: Pick<Presentation, 'shiftUs'>,
): string | null {
  const timed = chapters.map(({ start_time: startSeconds, end_time: endSeconds, tags }) => {
    return { startSeconds, endSeconds, tags };
  });
  const kept = cutChapters(timed, filmEndSeconds(facts, timeline));
  const toUs = (seconds: number) => Math.max(0, Math.round(seconds * 1e6) + shiftUs);
  const firstUs = Math.min(...kept.map(({ startSeconds }) => toUs(startSeconds)));
  const isLate = !isMatroska(container) && firstUs > 0 && kept.length > 0;
  if (kept === timed && !isLate) return null;
  return [
    ';FFMETADATA1',
    ...(isLate ? chapterLines(0, firstUs, { title: '' }) : []),
    ...kept.flatMap(({ startSeconds, endSeconds, tags }) =>
      chapterLines(toUs(startSeconds), toUs(endSeconds), tags),
    ),
    '',
  ].join('\n');
}

function chapterLines(startUs: number, endUs: number, tags: Readonly<Record<string, unknown>>): string[] {
  return [
    ...['[CHAPTER]', 'TIMEBASE=1/1000000', `START=${startUs}`, `END=${endUs}`],
    ...Object.entries(tags).map(([name, value]) => `${escaped(name)}=${escaped(String(value))}`),
  ];
}

function escaped(text: string): string {
  return text.replace(/[=;#\\\n]/g, '\\$&');
}
