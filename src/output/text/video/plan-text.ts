import { encodingTexts } from '../../../core/encoding/describe-encoding.ts';
import { codecOf } from '../../../core/encoding/encoding-settings.ts';
import { countBatches } from '../../../core/frames/batches.ts';
import type { VideoEstimate } from '../../../core/frames/estimate.ts';
import { fractionValue } from '../../../core/frames/fraction.ts';
import { filtersText } from '../../../core/frames/frame-filters.ts';
import type { StreamPlan } from '../../../core/frames/stream-plan.ts';
import { shownModelName } from '../../../core/models/built-in-models.ts';
import { printable } from '../../../core/printable.ts';
import { type HeldFrame, longestHeld } from '../../../core/video/held-frames.ts';
import { laneSettingsOf } from '../../../core/video/video-checkpoint.ts';
import type { VideoPlan } from '../../../core/video/video-plan.ts';
import { formatTable } from '../columns.ts';
import { bytesText, counted, durationText, numeral } from '../format.ts';
import type { Style } from '../style.ts';
import { noticeLine } from '../summary-sections.ts';
import { percentText, upscaleEngineText, workTexts } from './video-names.ts';

/** Pictures of which the plan says how long they are held. */
export const heldFrameExamples = 4;

export function formatVideoPlan(plan: VideoPlan, style: Style, expected: VideoEstimate): string {
  const rows = [
    ...row('Video', [videoText(plan)]),
    ...row('Output', outputTexts(plan)),
    ...row('Engine', [printable(upscaleEngineText(engineOf(plan)))]),
    ...row('Before', plan.clip.filters ? [filtersText(plan.clip.filters)] : []),
    ...row('Regions', regionTexts(plan)),
    ...row('Frames', [framesText(plan)]),
    ...row('Duplicates', duplicateTexts(plan)),
    ...row('Segments', [segmentsText(plan)]),
    ...row('Batches', batchesOf(plan)),
    ...row(
      'Streams',
      plan.streams.map((stream) => streamText(stream, plan)),
    ),
    ...row('Time', [timeText(plan, expected)]),
    ...row('Disk', [diskText(plan, expected, style)]),
  ];
  const table = formatTable(rows.map(([term, text]) => [style.bold(term), text]));
  const notices = plan.notices.map(noticeLine);
  return `${[...table, ...(notices.length > 0 ? ['', ...notices] : [])].join('\n')}\n`;
}

/** A term beside the first of its lines. */
function row(term: string, lines: readonly string[]): [string, string][] {
  return lines.map((line, index) => [index === 0 ? term : '', line]);
}

function videoText({ facts, source }: VideoPlan): string {
  const { size, codec, pixelFormat, frameRate, rotationDegrees } = facts.video;
  const parts = [
    `${size.width}x${size.height} ${codec} ${pixelFormat}`,
    rotationDegrees === 0 ? '' : `turned by ${rotationDegrees}°`,
    `${Number(fractionValue(frameRate).toFixed(3))} fps`,
    facts.durationSeconds === null ? '' : durationText(facts.durationSeconds * 1000),
    bytesText(source.size_bytes),
  ];
  return `${printable(source.path)} (${parts.filter((part) => part !== '').join(', ')})`;
}

function outputTexts({ clip, settings }: VideoPlan): string[] {
  const { width, height, pixel_format: pixelFormat } = clip.target;
  const { encoding } = settings.engine;
  const what = [`${width}x${height} ${codecOf(encoding)} ${pixelFormat}`, ...encodingTexts(encoding)];
  return [`${printable(settings.output)} (${what.join(', ')})`];
}

function engineOf({ settings: { engine }, model, clip }: VideoPlan) {
  const { scale, is_lane_count_open: isWorkerCountOpen } = laneSettingsOf(engine, clip);
  return {
    engine: engine.kind,
    model: model === null ? '' : shownModelName(model.path),
    scale,
    workers: engine.lanes,
    isWorkerCountOpen,
  };
}

/** `1200x80 at 40,620 in frames 1 to 240`: pixels of the frames as stored. */
function regionTexts({ regions, timeline }: VideoPlan): string[] {
  return (regions ?? []).map(({ box, firstFrame, frames }) => {
    const when =
      frames === timeline.times.length
        ? 'in every frame'
        : `in frames ${numeral(firstFrame + 1)} to ${numeral(firstFrame + frames)}`;
    return `${box.width}x${box.height} at ${box.x},${box.y} ${when}`;
  });
}

function framesText({ timeline, kind }: VideoPlan): string {
  const done = workTexts[kind].done;
  const [frames, unique] = [timeline.times.length, timeline.uniqueFrames.length];
  return frames === unique
    ? `${numeral(frames)}, each to be ${done}`
    : `${numeral(frames)}, of which ${numeral(unique)} are to be ${done}`;
}

function duplicateTexts({ timeline, clip, settings }: VideoPlan): string[] {
  if (settings.dedupe === 'off') return ['not searched for (--dedupe off)'];
  const frames = timeline.times.length;
  const duplicates = frames - timeline.uniqueFrames.length;
  if (duplicates === 0) return [`none (--dedupe ${settings.dedupe})`];
  const held = longestHeld(timeline, clip.time_base, heldFrameExamples);
  return [
    `${numeral(duplicates)}, ${percentText(duplicates, frames)} (--dedupe ${settings.dedupe})`,
    ...held.map((picture) => `  ${heldText(picture)}`),
  ];
}

/** `frame 12 is shown for 3 frames (0.50 s)` */
function heldText({ frame, frames, seconds }: HeldFrame): string {
  return `frame ${numeral(frame)} is shown for ${counted(frames, 'frame')} (${seconds.toFixed(2)} s)`;
}

function segmentsText({ segments }: VideoPlan): string {
  const lengths = segments.map(({ frames }) => frames);
  const [shortest, longest] = [Math.min(...lengths), Math.max(...lengths)];
  const each =
    shortest === longest ? counted(longest, 'frame') : `${numeral(shortest)} to ${numeral(longest)} frames`;
  return segments.length === 1 ? `1, of ${each}` : `${numeral(segments.length)}, each of ${each}`;
}

function batchesOf({ timeline, settings: { engine } }: VideoPlan): string[] {
  const { batch_size: batchSize, lanes } = engine;
  const total = countBatches(timeline.uniqueFrames.length, batchSize);
  return [`${numeral(total)} of ${counted(batchSize, 'frame')}: ${batchesText(total, lanes)}`];
}

function streamText({ index, type, action, why }: StreamPlan, { facts }: VideoPlan): string {
  if (why !== null) return `${index} ${action === 'drop' ? '✗' : '!'} ${printable(why)}`;
  const stream = facts.others.find((other) => other.index === index);
  const details = [stream?.codec ?? '', stream?.language ?? ''].filter((detail) => detail !== '');
  const name = stream?.isAttachedPicture === true ? 'cover picture' : type;
  return `${index} ✓ ${[name, ...details.map(printable)].join(' ')}, copied`;
}

function timeText({ scanMs }: VideoPlan, { durationMs }: VideoEstimate): string {
  const scan = `analyzing the frames took ${durationText(scanMs)}`;
  return durationMs === null ? `not known; ${scan}` : `about ${durationText(durationMs)}; ${scan}`;
}

function diskText({ freeBytes }: VideoPlan, expected: VideoEstimate, style: Style): string {
  const { outputBytes, peakBytes } = expected;
  const need = [
    outputBytes === null ? '' : `about ${bytesText(outputBytes)} for the video`,
    peakBytes === null ? '' : `up to ${bytesText(peakBytes)} on the way`,
  ].filter((part) => part !== '');
  const free = freeBytes === null ? 'free space unknown' : `${bytesText(freeBytes)} free`;
  const isTight = freeBytes !== null && (peakBytes ?? outputBytes ?? 0) > freeBytes;
  return [...need, isTight ? style.bad(`only ${free}`) : free].join(', ');
}

/** How batches divide over workers, by turns: `workers 0–1 get 7 batches each, workers 2–5 get 6 batches each`. */
export function batchesText(batches: number, workers: number): string {
  const most = Math.ceil(batches / workers);
  const withMost = batches - (most - 1) * workers;
  if (withMost === workers) return `${workersText(0, workers)} ${eachText(most, workers)}`;
  const groups = [
    `${workersText(0, withMost)} ${eachText(most, withMost)}`,
    `${workersText(withMost, workers)} ${eachText(most - 1, workers - withMost)}`,
  ];
  return groups.join(', ');
}

function workersText(from: number, end: number): string {
  return end - from === 1 ? `worker ${from}` : `workers ${from}–${end - 1}`;
}

function eachText(batches: number, workers: number): string {
  if (batches === 0) return workers === 1 ? 'gets none' : 'get none';
  const text = counted(batches, 'batch', 'batches');
  return workers === 1 ? `gets ${text}` : `get ${text} each`;
}
