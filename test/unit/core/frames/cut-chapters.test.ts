import { expect, it } from 'vitest';
import { chapterNotices, cutChapters } from '../../../../src/core/frames/cut-chapters.ts';
import { sampleUpscalePlan } from '../../../support/sample-upscale-plan.ts';

const chapter = (startSeconds: number, endSeconds: number) => ({ startSeconds, endSeconds });

/** Chapters of a film that begins at 100 s, whose picture ends 2 s and whose sound 2.5 s later. */
function noticesOf(...chapters: ReturnType<typeof chapter>[]): string[] {
  const { facts } = sampleUpscalePlan();
  const { video } = facts;
  const film = { ...facts, video, chapters, startSeconds: 100, othersEndSeconds: 102.5 };
  return chapterNotices(film, { endTime: 102 * 24 });
}

it.each([
  { what: 'that last as long as the film', chapters: [chapter(0, 1), chapter(1, 2)], kept: null },
  { what: 'that a container rounded', chapters: [chapter(0, 2.05)], kept: null },
  {
    what: 'the last of which is longer',
    chapters: [chapter(0, 1), chapter(1, 60)],
    kept: [chapter(0, 1), chapter(1, 2)],
  },
  { what: 'one of which is behind the end', chapters: [chapter(0, 1), chapter(2, 3)], kept: [chapter(0, 1)] },
  { what: 'that overlap', chapters: [chapter(0, 3), chapter(1, 2)], kept: [chapter(0, 2), chapter(1, 2)] },
  { what: 'that are none', chapters: [], kept: null },
])('chapters $what', ({ chapters, kept }) => {
  if (kept === null) expect(cutChapters(chapters, 2)).toBe(chapters);
  else expect(cutChapters(chapters, 2)).toEqual(kept);
});

it('says what is cut or left out, and nothing else', () => {
  expect(noticesOf(chapter(100, 101), chapter(101, 102.5))).toEqual([]);
  expect(noticesOf(chapter(100, 101), chapter(101, 160))).toEqual([
    '1 chapter is longer than the film, and cut at its end at 2.5 s.',
  ]);
  expect(noticesOf(chapter(100, 110), chapter(101, 160), chapter(103, 104), chapter(105, 106))).toEqual([
    '2 chapters are longer than the film, and cut at its end at 2.5 s.',
    '2 chapters are after the end of the film at 2.5 s, and left out.',
  ]);
});
