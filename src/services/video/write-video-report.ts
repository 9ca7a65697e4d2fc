import { fractionValue } from '../../core/frames/fraction.ts';
import { numberedPath, parsePicturePattern } from '../../core/frames/picture-series.ts';
import type { StreamPlan } from '../../core/frames/stream-plan.ts';
import type { Timeline } from '../../core/frames/timeline.ts';
import type { VideoFacts } from '../../core/frames/video-facts.ts';
import type { Size } from '../../core/hints/display-size.ts';
import { type Box, shownBox } from '../../core/regions/place-region.ts';
import { framesShowing } from '../../core/regions/region-plan.ts';
import { type RetouchCheckpoint, videoFormatOf } from '../../core/video/video-checkpoint.ts';
import type { ComparedFrame } from '../../core/video/video-report.ts';
import type { VideoRunState } from '../../core/video/video-run-state.ts';
import type { Ports } from '../../ports/ports.ts';
import type { PictureRequest } from '../../ports/video-tool.ts';
import { plannedStreams } from './plan-sound.ts';
import { fileToRead, pictureNumbersOf, seriesOf } from './source-of.ts';
import { decodeTimeline } from './timeline-of.ts';
import { videoReportOf } from './video-report-of.ts';
import type { StoredVideoRun } from './video-types.ts';

/** Frames that are shown before and after. */
const comparedFrames = 4;

/** Sides of a picture before; those after are twice as large, or they would show nothing that was gained. */
const longSidePx = 960;
const shortSidePx = 540;

type ShownFrame = Pick<PictureRequest, 'frame' | 'part'>;

interface ReportPorts {
  readonly reports: Pick<Ports['reports'], 'writeUpscale'>;
  readonly runs: Pick<Ports['runs'], 'read'>;
  readonly video: Pick<Ports['video'], 'inspect' | 'pictures' | 'removeRetimed'>;
  readonly toolVersion: string;
}

/** Writes both reports of an upscale run as it stands; the result's pictures are in it once the video is finished. */
export async function writeVideoReport(
  run: Pick<StoredVideoRun, 'folder' | 'paths' | 'checkpoint'>,
  state: VideoRunState,
  ports: ReportPorts,
): Promise<void> {
  const { paths, checkpoint } = run;
  // An open run holds the events of earlier sessions only.
  const { events } = await ports.runs.read(videoFormatOf(checkpoint.kind), run.folder);
  const timeline = decodeTimeline(checkpoint);
  const facts = await ports.video
    .inspect(fileToRead(checkpoint).path)
    .catch(() => ports.video.inspect(firstSourceOf(checkpoint)))
    .catch(() => null);
  const pictures = state.video === null || !facts ? [] : await compare(checkpoint, timeline, facts, ports);
  const { toolVersion } = ports;
  await ports.reports.writeUpscale(
    { json: paths.reportJson, html: paths.reportHtml },
    videoReportOf({ checkpoint, state, events, timeline, facts, toolVersion }),
    pictures,
  );
  // Nothing else of a finished run reads the copy.
  if (state.video !== null && checkpoint.retimed) await ports.video.removeRetimed(checkpoint.retimed.path);
}

/** The source itself, or the first of its pictures. */
function firstSourceOf({ source, pictures }: StoredVideoRun['checkpoint']): string {
  const series = pictures === undefined ? null : seriesOf(source.path, pictures);
  return series === null ? source.path : numberedPath(series.pattern, series.numbers[0] ?? 0);
}

/** Some frames before and after, from all over the video; none where they cannot be read any more. */
async function compare(
  checkpoint: StoredVideoRun['checkpoint'],
  timeline: Timeline,
  facts: VideoFacts,
  { video }: Pick<ReportPorts, 'video'>,
): Promise<ComparedFrame[]> {
  const { settings, clip } = checkpoint;
  const plans = plannedStreams(checkpoint, facts);
  const secondsPerTick = fractionValue(clip.time_base);
  const shown =
    checkpoint.kind === 'retouch' ? framesOfRegions(checkpoint, facts) : framesAllOver(checkpoint);
  const frames = shown.map((picture) => {
    return { ...picture, seconds: (timeline.times[picture.frame] ?? 0) * secondsPerTick };
  });
  // Close-ups come after the whole frames.
  const wanted = [
    ...frames.map(({ frame, seconds }) => ({ frame, seconds })),
    ...frames.filter(({ part }) => part !== undefined),
  ];
  const box = boxFor(facts);
  const growth = checkpoint.kind === 'retouch' ? 1 : 2;
  const larger = { width: growth * box.width, height: growth * box.height };
  try {
    const source = { path: fileToRead(checkpoint).path, place: placeAmongVideos(facts, null) };
    const output = { path: settings.output, place: placeAmongVideos(facts, plans) };
    const pattern = parsePicturePattern(settings.output);
    const numbers = pattern === null ? [] : pictureNumbersOf(checkpoint, timeline.times);
    const [before, after] = await Promise.all([
      video.pictures(source, wanted, box),
      pattern === null
        ? video.pictures(output, wanted, larger)
        : Promise.all(
            wanted.map(async (picture) => {
              const file = { path: numberedPath(pattern, numbers[picture.frame] ?? 0), place: 0 };
              return (await video.pictures(file, [{ ...picture, seconds: 0 }], larger))[0];
            }),
          ),
    ]);
    return frames.flatMap(({ frame, seconds }, index) => {
      const [one, other] = [before[index], after[index]];
      const [near, nearAfter] = [before[frames.length + index], after[frames.length + index]];
      const closeUp = near && nearAfter ? { before: near, after: nearAfter } : null;
      return one && other ? [{ frame: frame + 1, seconds, before: one, after: other, closeUp }] : [];
    });
  } catch {
    return [];
  }
}

/** Place of the upscaled video among the source's that are no cover pictures; by what is planned of them, the output's. */
export function placeAmongVideos({ video, others }: VideoFacts, plans: readonly StreamPlan[] | null): number {
  const isKept = (stream: number) =>
    plans === null || plans.some(({ index, action }) => index === stream && action !== 'drop');
  return others.filter(
    ({ index, type, isAttachedPicture }) =>
      type === 'video' && !isAttachedPicture && index < video.index && isKept(index),
  ).length;
}

/**
 * First frames of segments from all over the video: in the result they are key frames, and in the source close to one,
 * so that nothing else has to be decoded for them. The very first frame is often black.
 */
function framesAllOver({ segments }: Pick<StoredVideoRun['checkpoint'], 'segments'>): ShownFrame[] {
  const later = segments.length > comparedFrames ? segments.slice(1) : segments;
  const parts = Math.min(comparedFrames, later.length);
  return Array.from({ length: parts }, (_, part) => {
    return { frame: later[Math.floor((part * later.length) / parts)]?.first_frame ?? 0 };
  });
}

/** Frames with regions, and what is around one of them. */
function framesOfRegions({ regions, clip }: RetouchCheckpoint, { video }: VideoFacts): ShownFrame[] {
  const geometry = { video, isTurned: clip.is_turned, frame: clip.frame };
  const spans = regions.map(({ first_frame: firstFrame, frames, box }) => ({ firstFrame, frames, box }));
  return framesShowing(spans, comparedFrames).map(({ frame, region }) => ({
    frame,
    part: aroundBox(shownBox(region.box, geometry)),
  }));
}

/** A box with as much around it as it is large, within the picture. All in fractions. */
function aroundBox({ x, y, width, height }: Box): Box {
  const span = (start: number, length: number) => {
    const from = Math.max(0, start - length / 2);
    return [from, Math.min(1, start + 1.5 * length) - from] as const;
  };
  const [[left, across], [top, down]] = [span(x, width), span(y, height)];
  return { x: left, y: top, width: across, height: down };
}

function boxFor({ video: { size, rotationDegrees } }: VideoFacts): Size {
  const isStoredUpright = size.height > size.width;
  const isUpright = isStoredUpright !== (rotationDegrees % 180 === 90);
  return isUpright ? { width: shortSidePx, height: longSidePx } : { width: longSidePx, height: shortSidePx };
}
