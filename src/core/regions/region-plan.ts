import { z } from 'zod';
import { type Fraction, ticksToSeconds } from '../frames/fraction.ts';
import type { Timeline } from '../frames/timeline.ts';
import type { Size } from '../hints/display-size.ts';
import { type FrameGeometry, type Region, shownBox, shownSize } from './place-region.ts';

/** Regions of a video in a file that a person may edit: each as `--region` takes it. */
export const regionPlanSchema = z.object({
  version: z.literal(1),
  kind: z.literal('retouch-regions'),
  /** The video that it was made of, for the reader. */
  video: z.string(),
  /** Of the picture as shown, in pixels: regions in pixels are of such a picture. */
  width: z.int().min(1),
  height: z.int().min(1),
  regions: z.array(
    z.object({
      /** See `parseRegion`. */
      region: z.string(),
      /** When it begins and ends, in seconds, for the reader. */
      seconds: z.tuple([z.number(), z.number()]).exactOptional(),
    }),
  ),
});

export type RegionPlan = z.infer<typeof regionPlanSchema>;

/** A region as a person reads it: frames are counted from 1, the box is in fractions of the picture as shown. */
export interface ShownRegion {
  readonly firstFrame: number;
  readonly lastFrame: number;
  /** From the first frame of the video on. */
  readonly seconds: readonly [from: number, to: number];
  readonly box: { readonly x: number; readonly y: number; readonly width: number; readonly height: number };
}

/** A frame with the regions that are there at that time. */
export interface PlannedPicture {
  readonly frame: number;
  readonly seconds: number;
  /** A JPEG file of the frame as shown. */
  readonly jpeg: Uint8Array;
  readonly regions: readonly ShownRegion[];
}

/** What a contact sheet shows of a plan. */
export interface ContactSheet {
  readonly regions: readonly ShownRegion[];
  /** Of the whole video. */
  readonly frames: number;
  readonly pictures: readonly PlannedPicture[];
}

type ShownTimes = Pick<Timeline, 'times' | 'endTime'> & { readonly timeBase: Fraction };

export function shownRegion(
  { firstFrame, frames, box }: Region,
  geometry: FrameGeometry,
  { times, endTime, timeBase }: ShownTimes,
): ShownRegion {
  const start = times[0] ?? 0;
  const seconds = (frame: number) =>
    Math.round(1000 * ticksToSeconds((times[frame] ?? endTime) - start, timeBase)) / 1000;
  return {
    firstFrame: firstFrame + 1,
    lastFrame: firstFrame + frames,
    seconds: [seconds(firstFrame), seconds(firstFrame + frames)],
    box: shownBox(box, geometry),
  };
}

/** The plan of regions, which gives the same ones again. */
export function regionPlan(
  video: string,
  regions: readonly Region[],
  geometry: FrameGeometry,
  times: ShownTimes,
): RegionPlan {
  const size = shownSize(geometry);
  return {
    ...{ version: 1, kind: 'retouch-regions', video, ...size },
    regions: regions.map((region) => {
      const shown = shownRegion(region, geometry, times);
      return { region: regionText(shown, size), seconds: [...shown.seconds] };
    }),
  };
}

/** `X,Y,WIDTH,HEIGHT@FROM-TO` in pixels of the picture as shown and in frames. */
export function regionText({ box, firstFrame, lastFrame }: ShownRegion, { width, height }: Size): string {
  const sides = [box.x * width, box.y * height, box.width * width, box.height * height];
  return `${sides.map((side) => Number(side.toFixed(3))).join(',')}@${firstFrame}f-${lastFrame}f`;
}

/** Frames that show all regions, as few as will do and in order; of more than `most` some from all over the video. */
export function framesShowing<Span extends Pick<Region, 'firstFrame' | 'frames'>>(
  regions: readonly Span[],
  most: number,
): { readonly frame: number; readonly region: Span }[] {
  const chosen: { frame: number; region: Span }[] = [];
  const byEnd = [...regions].sort(
    (one, other) => one.firstFrame + one.frames - other.firstFrame - other.frames,
  );
  for (const region of byEnd) {
    const { firstFrame, frames } = region;
    // Regions come in the order of their ends: the last frame that was chosen is the only one that can lie in this one.
    if ((chosen.at(-1)?.frame ?? -1) >= firstFrame) continue;
    chosen.push({ frame: firstFrame + Math.floor(frames / 2), region });
  }
  const parts = Math.min(most, chosen.length);
  return Array.from(
    { length: parts },
    (_, part) => chosen[Math.floor((part * chosen.length) / parts)],
  ).flatMap((each) => each ?? []);
}
