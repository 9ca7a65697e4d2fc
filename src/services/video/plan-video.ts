import { assertEncodingFits } from '../../core/encoding/choose-encoding.ts';
import { chapterNotices } from '../../core/frames/cut-chapters.ts';
import { filterReach } from '../../core/frames/frame-filters.ts';
import { type PicturePattern, parsePicturePattern } from '../../core/frames/picture-series.ts';
import { planSegments } from '../../core/frames/plan-segments.ts';
import { planStreams, type StreamPlan } from '../../core/frames/stream-plan.ts';
import type { TimeBreak } from '../../core/frames/time-breaks.ts';
import type { VideoFacts } from '../../core/frames/video-facts.ts';
import { formatSize, type Size } from '../../core/hints/display-size.ts';
import { contextAround, splitAtRegions } from '../../core/regions/place-region.ts';
import type { PinnedFile, PlannedClip } from '../../core/video/video-checkpoint.ts';
import type { VideoPlan } from '../../core/video/video-plan.ts';
import { pictureEncoding } from '../../core/video-set/name-outputs.ts';
import type { Ports } from '../../ports/ports.ts';
import type { VideoObserver } from '../../ports/run-observer.ts';
import { assertEncoder } from './assert-encoder.ts';
import { assertModel, modelScaleNotices } from './assert-model.ts';
import { assertOutputIsFree, assertPicturesFree } from './assert-output-free.ts';
import { assertIsVideo, outputContainerOf, planClip } from './plan-clip.ts';
import { type OpenedPictures, openPictures, pictureNotices } from './plan-pictures.ts';
import { planTriedStreams } from './plan-sound.ts';
import { scanVideo, TimesBreakError } from './scan-video.ts';
import { pinned } from './source-of.ts';
import type { VideoOperation, VideoRequest } from './video-types.ts';

/**
 * Finds out everything an upscale run will do. Reads the video through once; changes nothing.
 *
 * @throws AppError `input-missing`, `video-unreadable`, `output-exists`, `output-unsupported`; the signal's reason when
 * it aborts.
 */
export async function planVideo(
  request: VideoRequest,
  operation: VideoOperation,
  ports: Ports,
  observer: VideoObserver,
  signal: AbortSignal,
): Promise<VideoPlan> {
  const { outputPath, modelPath } = request;
  const pattern = operation.kind === 'upscale' ? parsePicturePattern(outputPath) : null;
  if (pattern !== null) await assertPicturesFree(request, pattern, ports);
  else {
    assertEncodingFits(operation.encoding, outputContainerOf(outputPath));
    await assertOutputIsFree(request, operation, ports);
  }
  const { modelUse } = operation;
  const tried =
    modelPath === null || modelUse === null
      ? null
      : await assertModel(modelPath, modelUse, request.host, ports, signal);
  if (operation.detectorPath !== undefined) await ports.models.assertOnnx(operation.detectorPath, '--detect');
  const model = modelPath === null ? null : pinned(await ports.sources.identify(modelPath, null, signal));
  const opened = request.pictures
    ? await openPictures(request.pictures, request, pattern !== null, ports, observer, signal)
    : null;
  const path = opened?.joined.path ?? request.inputPath;
  const facts = await ports.video.inspect(path, signal);
  if (operation.takesPicture !== true) assertIsVideo(facts, path);
  const startedMs = ports.clock.now();
  // Both read the file from its beginning: what the one has read is in memory for the other.
  const hashing = ports.sources.identify(path, null, signal);
  hashing.catch(() => undefined);
  const encoding = pattern === null ? operation.encoding : pictureEncoding(facts.video.pixelFormat);
  const context = { request, operation: { ...operation, encoding }, pattern, ports, observer, signal };
  const read = await readFrames({ path, facts }, context).catch(async (error: unknown) => {
    if (!(error instanceof TimesBreakError)) throw error;
    return await readRetimed({ path, facts }, error.breaks, context);
  });
  const { encoding: chosen, ...found } = read;
  const file = pinned(await hashing);
  return {
    kind: operation.kind,
    ...(opened === null
      ? {
          source: file,
          retimed: read.path === path ? null : pinned(await ports.sources.identify(read.path, null, signal)),
        }
      : { ...sourceOfPictures(request.inputPath, opened, file), pictures: opened.pictures }),
    model,
    settings: await operation.settingsFor(model, chosen),
    ...found,
    notices: [
      ...(opened?.notices ?? []),
      ...modelScaleNotices(tried, read.clip, modelPath),
      ...(pattern === null ? [] : noticesOfPictures(facts, pattern, request)),
      ...read.notices,
    ],
    scanMs: Math.max(0, Math.round(ports.clock.now() - startedMs)),
    freeBytes: await ports.sources.freeBytes(outputPath),
  };
}

/** The content of pictures is that of the file that holds them. */
function sourceOfPictures(path: string, { joined }: OpenedPictures, file: PinnedFile) {
  const { sizeBytes, modifiedMs } = joined;
  const source = { path, sha256: file.sha256, size_bytes: sizeBytes, modified_ms: modifiedMs };
  return { source, retimed: file };
}

function noticesOfPictures(
  facts: VideoFacts,
  { ending }: PicturePattern,
  { named = [] }: Pick<VideoRequest, 'named'>,
): string[] {
  const isEncodingNamed = named.some((path) => path.startsWith('engine.encoding.'));
  return [
    ...(isEncodingNamed ? ['Pictures have no codec of a video: what is said of it is not used.'] : []),
    ...pictureNotices(facts, ending).map(sentence),
    ...(facts.others.length > 0 ? ['Pictures hold neither sound nor subtitles: they are left out.'] : []),
  ];
}

/** Which of several videos is upscaled should not surprise. */
function otherVideosNotice({ video, others }: VideoFacts): string[] {
  const further = others.filter(({ type, isAttachedPicture }) => type === 'video' && !isAttachedPicture);
  if (further.length === 0) return [];
  const rest = further.map(({ index, codec }) => `${index} (${codec})`).join(', ');
  const one = `stream ${video.index} (${video.codec}, ${formatSize(video.size)}) is upscaled`;
  return [`The file holds ${further.length + 1} videos: ${one}, not stream ${rest}.`];
}

interface PlanContext {
  readonly request: VideoRequest;
  readonly operation: VideoOperation;
  /** The result is pictures that are called like this; null: a video. */
  readonly pattern: PicturePattern | null;
  readonly ports: Ports;
  readonly observer: VideoObserver;
  readonly signal: AbortSignal;
}

interface OpenedVideo {
  readonly path: string;
  readonly facts: VideoFacts;
}

/** What the file itself decides of the plan. @throws TimesBreakError. */
async function readFrames(
  { path, facts }: OpenedVideo,
  { request: { outputPath, isKeptGoing, host }, operation, pattern, ports, observer, signal }: PlanContext,
) {
  const container = outputContainerOf(outputPath);
  const { clip: planned, encoding, notices } = planClip(facts, container, operation);
  await assertEncoder(host, planned, encoding, ports, signal);
  const streams =
    pattern === null
      ? await planTriedStreams(path, facts, container, ports, signal)
      : planStreams(facts, container).map(leftOut);
  const request = { path, facts, dedupe: operation.dedupe, isKeptGoing };
  const scan = await scanVideo(request, ports, observer, signal);
  const { timeline: scanned, keyTimes, notices: found } = scan;
  const clip: PlannedClip = scan.isUnchecked ? { ...planned, is_unchecked: true } : planned;
  const frames = { path, facts, clip, timeline: scanned };
  const placed = await operation.placeRegions(frames, ports, observer, signal);
  const regions = placed?.regions ?? null;
  const timeline = {
    ...scanned,
    uniqueFrames: splitAtRegions(scanned.uniqueFrames, scanned.times.length, regions ?? []),
  };
  const targetFrames =
    keyTimes === null
      ? timeline.times.length
      : targetFramesFor(clip.target, timeline.times.length, operation);
  const segments = planSegments({
    timeline,
    keyFrames: keyTimes === null ? [] : keyFramesOf(keyTimes, timeline.times),
    batchSize: operation.batchSize,
    targetFrames,
    filteredFrames: filterReach(clip.filters),
    contextOf: (firstUnique, uniqueFrames) =>
      contextAround({ firstUnique, uniqueFrames }, regions ?? [], timeline, operation.contextFrames),
  });
  const left = streams.flatMap(({ why }) => (why === null ? [] : [sentence(why)]));
  return {
    path,
    facts,
    clip,
    encoding,
    timeline,
    regions,
    masks: placed?.masks ?? null,
    segments,
    streams,
    notices: [
      ...(pattern === null ? notices : []),
      ...otherVideosNotice(facts),
      ...left,
      ...(pattern === null ? chapterNotices(facts, timeline) : []),
      ...found,
      ...(placed?.notices ?? []),
    ],
  };
}

function leftOut(plan: StreamPlan): StreamPlan {
  return { ...plan, action: 'drop', codec: null, why: null, sound: null };
}

/**
 * The same of a copy in which times continue where the file's clock jumps.
 *
 * @throws AppError `video-unreadable` where they cannot be joined.
 */
async function readRetimed({ path, facts }: OpenedVideo, breaks: readonly TimeBreak[], context: PlanContext) {
  const { ports, request, signal } = context;
  const copyPath = await ports.video.retime(path, facts, signal);
  const copy = await ports.video.inspect(copyPath, signal);
  const read = await readFrames({ path: copyPath, facts: copy }, context);
  const megabytes = Math.ceil(facts.sizeBytes / 1e6);
  // Data is not in the copy, so that nothing is said of it there.
  const all = planStreams(facts, outputContainerOf(request.outputPath));
  const data = all.filter(({ type }) => type === 'data');
  const lost = all.length - data.length - copy.others.length;
  return {
    ...read,
    notices: [
      `The video's clock jumps (${breaksText(breaks, facts)}): its times are joined. A copy of about ${megabytes} MB is used until the result is finished.`,
      ...data.flatMap(({ why }) => (why === null ? [] : [sentence(why)])),
      ...(lost > 0
        ? [`${lost} streams of sound or subtitles cannot be kept in that copy: they are left out.`]
        : []),
      ...read.notices,
    ],
  };
}

function breaksText(breaks: readonly TimeBreak[], { startSeconds }: VideoFacts): string {
  const [first] = breaks;
  if (!first) return '';
  const step = first.toSeconds - first.fromSeconds;
  const more = breaks.length > 1 ? `, and jumps at ${breaks.length - 1} more places` : '';
  const leap = `${step < 0 ? 'back' : 'ahead'} by ${Math.abs(step).toFixed(1)} s`;
  return `after ${(first.fromSeconds - startSeconds).toFixed(1)} s it goes ${leap}${more}`;
}

/** Numbers of the frames with these times; both ascend. Times without a frame are those of frames that do not decode. */
export function keyFramesOf(keyTimes: Float64Array, times: Float64Array): number[] {
  const found: number[] = [];
  let frame = 0;
  for (const time of keyTimes) {
    while (frame < times.length && (times[frame] ?? 0) < time) frame += 1;
    if (times[frame] === time) found.push(frame);
  }
  return found;
}

/** Pixels that a segment's frames have together, more or less: some ten seconds at 1080p. */
const segmentPixels = 240 * 1920 * 1080;

/** What starting a segment costs is worth it from so many frames on; more than the most is too much to lose. */
export const segmentFrames = { least: 48, most: 1_200, mostWithModel: 240 };

/** A segment's file and its copy in the output are on the disk together: a short video has several, too. */
const leastSegments = 5;

/** A model needs a thousand times as long for a frame, so that its segments are short also where frames are small. */
function targetFramesFor(
  { width, height }: Size,
  frames: number,
  { maxSegmentFrames: most }: VideoOperation,
): number {
  const usual = Math.round(segmentPixels / (width * height));
  return Math.max(segmentFrames.least, Math.min(most, usual, Math.ceil(frames / leastSegments)));
}

/** `the audio stream 2 is left out: …` as a sentence of its own. */
function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${text.endsWith('.') ? '' : '.'}`;
}
