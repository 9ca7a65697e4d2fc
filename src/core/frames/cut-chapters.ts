import { fractionValue } from './fraction.ts';
import type { Timeline } from './timeline.ts';
import type { ChapterTimes, VideoFacts } from './video-facts.ts';

/** What a container rounds away, too little to be seen. */
const slackSeconds = 0.1;

/** When the last picture or sound of a source ends, as far as its file says, on the file's own clock. */
export function filmEndSeconds(
  { video, othersEndSeconds }: Pick<VideoFacts, 'video' | 'othersEndSeconds'>,
  { endTime }: Pick<Timeline, 'endTime'>,
): number {
  return Math.max(endTime * fractionValue(video.timeBase), othersEndSeconds ?? 0);
}

/**
 * Chapters that are there while the film runs, none of them longer than it: some containers make a film as long as its
 * last chapter. The very same list where nothing has to be cut.
 */
export function cutChapters<T extends ChapterTimes>(
  chapters: readonly T[],
  endSeconds: number,
): readonly T[] {
  if (chapters.every((chapter) => chapter.endSeconds <= endSeconds + slackSeconds)) return chapters;
  return chapters
    .filter(({ startSeconds }) => startSeconds < endSeconds)
    .map((chapter) => ({ ...chapter, endSeconds: Math.min(chapter.endSeconds, endSeconds) }));
}

/** Sentences about chapters that end or begin behind the film. */
export function chapterNotices(facts: VideoFacts, timeline: Pick<Timeline, 'endTime'>): string[] {
  const { chapters, startSeconds } = facts;
  const endSeconds = filmEndSeconds(facts, timeline);
  const kept = cutChapters(chapters, endSeconds);
  if (kept === chapters) return [];
  const left = chapters.filter((chapter) => chapter.startSeconds >= endSeconds).length;
  const cut = chapters.filter((chapter) => chapter.endSeconds > endSeconds + slackSeconds).length - left;
  const end = (endSeconds - startSeconds).toFixed(1);
  return [
    ...(cut > 0 ? [`${counted(cut)} longer than the film, and cut at its end at ${end} s.`] : []),
    ...(left > 0 ? [`${counted(left)} after the end of the film at ${end} s, and left out.`] : []),
  ];
}

function counted(chapters: number): string {
  return chapters === 1 ? '1 chapter is' : `${chapters} chapters are`;
}
