import { dirname } from 'node:path';
import { codecFacts } from '../../core/encoding/codecs.ts';
import { encodingTexts } from '../../core/encoding/describe-encoding.ts';
import { codecOf } from '../../core/encoding/encoding-settings.ts';
import { fractionValue } from '../../core/frames/fraction.ts';
import { filtersOf, filtersText } from '../../core/frames/frame-filters.ts';
import type { VideoFacts } from '../../core/frames/video-facts.ts';
import { shownBox } from '../../core/regions/place-region.ts';
import type { Moment } from '../../core/regions/region-text.ts';
import { outputFolder } from '../../core/run/written-folder.ts';
import { secondsOfFrame, videoSeconds } from '../../core/upscale/preview-moments.ts';
import type { PreviewMoment, UpscalePreview } from '../../core/upscale/upscale-preview.ts';
import { pictureEncoding } from '../../core/video-set/name-outputs.ts';
import { AppError, usageError } from '../../errors/app-error.ts';
import type { Ports } from '../../ports/ports.ts';
import type { VideoObserver } from '../../ports/run-observer.ts';
import { assertWritable } from '../runs/assert-writable.ts';
import { assertEncoder } from '../video/assert-encoder.ts';
import { encodingOf } from '../video/encoding-of.ts';
import { assertIsVideo, isPicture, outputContainerOf, planClip } from '../video/plan-clip.ts';
import { scanVideo, TimesBreakError } from '../video/scan-video.ts';
import type { UpscaleRequest } from '../video/video-types.ts';
import { placeAmongVideos } from '../video/write-video-report.ts';
import { type ChosenMoment, chooseMoments } from './choose-moments.ts';
import { type TriedVariant, tryVariants, type VariantModel } from './try-variants.ts';

/** What `upscale --preview` is asked to show. */
export interface PreviewUpscaleRequest
  extends Pick<UpscaleRequest, 'inputPath' | 'outputPath' | 'upscaling' | 'isKeptGoing'> {
  readonly pagePath: string;
  /** Whether a file that stands there already may be replaced. */
  readonly mayReplace: boolean;
  /** As they were written; none: some that the program chooses. */
  readonly moments: readonly { readonly text: string; readonly moment: Moment }[];
  /** Shown beside Lanczos, in this order. */
  readonly models: readonly VariantModel[];
}

/** Box of the small picture of a whole frame. */
const overview = { long: 640, short: 360 };

/**
 * Makes a page that shows parts of some frames as they are and as they would become, and how long the whole video would take.
 * No run is started, and nothing else is written.
 *
 * @throws AppError for a video that cannot be read or upscaled as asked, and for a moment that is not in it; the signal's reason.
 */
export async function previewUpscale(
  request: PreviewUpscaleRequest,
  ports: Ports,
  observer: VideoObserver,
  signal: AbortSignal,
): Promise<UpscalePreview> {
  const { inputPath, outputPath, upscaling } = request;
  await assertPageIsFree(request, ports);
  const found = await ports.video.inspect(inputPath, signal);
  // Of a picture, one that is named like one is made.
  const asPicture = isPicture(found) && !/\.(mp4|mov|mkv|webm)$/i.test(outputPath);
  if (!asPicture) assertIsVideo(found, inputPath);
  const asked = {
    ...{ scale: upscaling.scale, size: upscaling.size, filters: filtersOf(upscaling) },
    encoding: asPicture ? pictureEncoding(found.video.pixelFormat) : upscaling,
  };
  const container = asPicture ? 'mkv' : outputContainerOf(outputPath);
  observer.onNotice(`Reading ${inputPath}`);
  const read = await readVideo(request, found, ports, observer, signal);
  try {
    const { path, facts, scan } = read;
    const plans = {
      lanczos: planClip(facts, container, { ...asked, takesRgb: false }),
      onnx: planClip(facts, container, { ...asked, takesRgb: true }),
    };
    const { clip, encoding, notices } = plans.lanczos;
    await assertEncoder('local', clip, encoding, ports, signal);
    const video = { path, facts, timeline: scan.timeline, keyTimes: scan.keyTimes, clip };
    const moments = await chooseMoments(video, request.moments, ports, signal);
    const work = {
      ...{ ...video, moments, upscaling, encoding: encodingOf(encoding) },
      clips: { lanczos: clip, onnx: plans.onnx.clip },
      models: request.models,
    };
    const tried = await tryVariants(work, ports, observer, signal);
    const times = { ...scan.timeline, timeBase: clip.time_base };
    const { numerator, denominator } = clip.sample_aspect;
    const isOnItsSide = tried.turnDegrees % 180 !== 0;
    const preview: UpscalePreview = {
      video: inputPath,
      ...{ frames: scan.timeline.times.length, seconds: videoSeconds(times) },
      source: { width: clip.frame.width, height: clip.frame.height },
      target: { width: clip.target.width, height: clip.target.height },
      pixelAspect: isOnItsSide ? denominator / numerator : numerator / denominator,
      encoding: [codecFacts[codecOf(encoding)].label, ...encodingTexts(encodingOf(encoding))].join(', '),
      filters: filtersText(clip.filters),
      isHdr: /^(smpte2084|arib-std-b67)$/.test(clip.color.transfer ?? ''),
      variants: tried.variants,
      moments: await picturedMoments(video, moments, tried, ports, signal),
      notices: [...notices, ...scan.notices],
    };
    await ports.reports.writeUpscalePreview(request.pagePath, preview);
    return preview;
  } finally {
    if (read.path !== inputPath) await ports.video.removeRetimed(read.path);
  }
}

/** Nothing is tried for a page that cannot be written. */
async function assertPageIsFree(
  { pagePath, mayReplace }: Pick<PreviewUpscaleRequest, 'pagePath' | 'mayReplace'>,
  { sources }: Pick<Ports, 'sources'>,
): Promise<void> {
  const nextStep = 'Choose another name for the page: --output preview.html';
  if (await sources.isFolder(pagePath)) throw usageError(`The page ${pagePath} is a folder.`, nextStep);
  await assertWritable([outputFolder(dirname(pagePath), '--output')], { sources });
  if (mayReplace || !(await sources.exists(pagePath))) return;
  throw new AppError({
    code: 'output-exists',
    message: `${pagePath} already exists.`,
    nextStep: `${nextStep}, or replace it with --force.`,
  });
}

interface ReadVideo {
  readonly path: string;
  readonly facts: VideoFacts;
  readonly scan: Awaited<ReturnType<typeof scanVideo>>;
}

/** When each frame is shown; of a video whose clock breaks, in a copy without that. */
async function readVideo(
  { inputPath, isKeptGoing }: Pick<PreviewUpscaleRequest, 'inputPath' | 'isKeptGoing'>,
  facts: VideoFacts,
  ports: Ports,
  observer: VideoObserver,
  signal: AbortSignal,
): Promise<ReadVideo> {
  const scanOf = async (path: string, its: VideoFacts) => {
    const request = { path, facts: its, dedupe: 'off', isKeptGoing } as const;
    return { path, facts: its, scan: await scanVideo(request, ports, observer, signal) };
  };
  try {
    return await scanOf(inputPath, facts);
  } catch (error) {
    if (!(error instanceof TimesBreakError)) throw error;
    const copy = await ports.video.retime(inputPath, facts, signal);
    return await scanOf(copy, await ports.video.inspect(copy, signal));
  }
}

/** The moments with pictures of their whole frames, and what every variant made of their crops. */
async function picturedMoments(
  {
    path,
    facts,
    clip,
    timeline,
  }: Pick<Parameters<typeof chooseMoments>[0], 'path' | 'facts' | 'clip' | 'timeline'>,
  moments: readonly ChosenMoment[],
  { source, larger }: Pick<TriedVariant, 'source' | 'larger'>,
  ports: Pick<Ports, 'video'>,
  signal: AbortSignal,
): Promise<PreviewMoment[]> {
  const times = { ...timeline, timeBase: clip.time_base };
  const wanted = moments.map(({ frame }) => ({
    frame,
    seconds: (timeline.times[frame] ?? 0) * fractionValue(clip.time_base),
  }));
  const isUpright = facts.video.size.height > facts.video.size.width;
  const isTurned = facts.video.rotationDegrees % 180 !== 0;
  const box =
    isUpright === isTurned
      ? { width: overview.long, height: overview.short }
      : { width: overview.short, height: overview.long };
  const place = placeAmongVideos(facts, null);
  const pictures = await ports.video.pictures({ path, place }, wanted, box, signal);
  const geometry = { video: facts.video, isTurned: clip.is_turned, frame: clip.frame };
  return moments.map(({ frame, crops }, at) => ({
    frame,
    seconds: secondsOfFrame(frame, times),
    picture: pictures[at] ?? null,
    crops: crops.map((crop, index) => ({
      box: crop,
      shown: shownBox(crop, geometry),
      source: source[at]?.[index] ?? new Uint8Array(),
      larger: larger.map((made) => made[at]?.[index] ?? null),
    })),
  }));
}
