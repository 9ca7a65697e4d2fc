import { ticksToSeconds } from '../../core/frames/fraction.ts';
import { framesShowing, regionPlan, type ShownRegion, shownRegion } from '../../core/regions/region-plan.ts';
import type { VideoPlan } from '../../core/video/video-plan.ts';
import type { Ports } from '../../ports/ports.ts';
import { placeAmongVideos } from '../video/write-video-report.ts';

/** Pictures of a contact sheet: more would make a page that no browser likes. */
const maxPictures = 120;
const pictureBox = { width: 640, height: 640 };

/**
 * Writes the regions of a plan to a file that `--plan` takes, and a page that shows them beside it.
 *
 * @returns the path of the page.
 */
export async function saveRegionPlan(
  path: string,
  { source, retimed, facts, clip, timeline, regions }: VideoPlan,
  { video, reports }: Pick<Ports, 'video' | 'reports'>,
  signal: AbortSignal,
): Promise<string> {
  const geometry = { video: facts.video, isTurned: clip.is_turned, frame: clip.frame };
  const times = { ...timeline, timeBase: clip.time_base };
  const all = regions ?? [];
  const shown = all.map((region) => shownRegion(region, geometry, times));
  const frames = framesShowing(all, maxPictures).map(({ frame }) => ({
    ...{ frame, seconds: ticksToSeconds(timeline.times[frame] ?? 0, clip.time_base) },
  }));
  const place = { path: (retimed ?? source).path, place: placeAmongVideos(facts, null) };
  const jpegs = await video.pictures(place, frames, pictureBox, signal);
  const start = ticksToSeconds(timeline.times[0] ?? 0, clip.time_base);
  const pictures = frames.flatMap(({ frame, seconds }, index) => {
    const jpeg = jpegs[index];
    const there = shown.filter((region) => isThere(region, frame + 1));
    return jpeg ? [{ frame: frame + 1, seconds: seconds - start, jpeg, regions: there }] : [];
  });
  const html = path.replace(/(\.json)?$/, '.html');
  const plan = regionPlan(source.path, all, geometry, times);
  const sheet = { regions: shown, frames: timeline.times.length, pictures };
  await reports.writeRegionPlan({ json: path, html }, plan, sheet);
  return html;
}

function isThere({ firstFrame, lastFrame }: ShownRegion, frame: number): boolean {
  return frame >= firstFrame && frame <= lastFrame;
}
