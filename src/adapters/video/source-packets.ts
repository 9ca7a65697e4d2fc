import { stat } from 'node:fs/promises';
import { z } from 'zod';
import { TimeBreakFinder } from '../../core/frames/time-breaks.ts';
import { isTimedStream, type VideoFacts, type VideoStreamFacts } from '../../core/frames/video-facts.ts';
import type { PacketIndex } from '../../ports/video-tool.ts';
import { reasonInStderr, unreadableVideo } from '../ffmpeg/failures.ts';
import { askFfprobe, type PacketFacts, readPackets } from '../ffmpeg/ffprobe.ts';
import { type FfmpegOptions, ProgramRefusedError } from '../ffmpeg/run-ffmpeg.ts';

const countTimeoutMs = 60_000;

const countSchema = z.object({
  streams: z.array(z.object({ nb_frames: z.string().optional() })).default([]),
  format: z.object({ format_name: z.string().default('') }).default({ format_name: '' }),
});

/** Reads the packets of all streams through, as the port `VideoTool` says. @throws AppError `video-unreadable`. */
export async function indexPackets(
  path: string,
  { video, others, container }: VideoFacts,
  options: FfmpegOptions,
): Promise<PacketIndex> {
  const keyTimes = new Set<number>();
  const last = { time: Number.NEGATIVE_INFINITY, duration: Number.NaN };
  const timed = new Set([video, ...others.filter(isTimedStream)].map(({ index }) => index));
  const finder = new TimeBreakFinder(container, timed);
  const frames = new FrameTimes(video, container);
  for await (const packet of sourcePackets(path, null, options, () => frames.doubt())) {
    finder.add(packet);
    const { stream, time, flags, duration } = packet;
    if (stream !== video.index) continue;
    frames.add(packet);
    if (flags.includes('D') || Number.isNaN(time)) continue;
    if (flags.includes('K')) keyTimes.add(time);
    if (time >= last.time) Object.assign(last, { time, duration });
  }
  return {
    frameTimes: frames.sorted(),
    keyTimes: Float64Array.from(keyTimes).sort(),
    lastDuration: last.duration > 0 ? last.duration : null,
    breaks: finder.breaks(),
    lengthSeconds: finder.lengthSeconds(),
  };
}

/** Containers that note for each packet when its frame is shown. */
const timedContainers = /^(mov,|matroska,)/;
/** Codecs of which each packet gives one frame, unless frames are stored as two fields. */
const wholeFrameCodecs = new Set(['h264', 'hevc', 'av1', 'vp9', 'prores', 'ffv1', 'mjpeg', 'png', 'tiff']);

/** When the frames of a video are shown, as its packets say, for as long as nothing raises a doubt. */
class FrameTimes {
  readonly #times: number[] = [];
  #isDoubtful: boolean;
  #firstTime = Number.NEGATIVE_INFINITY;

  constructor({ codec, extras }: VideoStreamFacts, container: string) {
    const isPlain = timedContainers.test(container) && wholeFrameCodecs.has(codec);
    this.#isDoubtful = !isPlain || extras.includes('interlaced fields');
  }

  doubt(): void {
    this.#isDoubtful = true;
  }

  /** Takes a packet, in the file's order. */
  add({ time, shownSeconds, sizeBytes, flags }: PacketFacts): void {
    if (this.#isDoubtful) return;
    const isFirst = this.#times.length === 0;
    if (isFirst) this.#firstTime = time;
    // Frames before the first key frame cannot be decoded; packets that are not shown show that the file was cut.
    const isPlain = !Number.isNaN(shownSeconds) && sizeBytes > 0 && !flags.includes('D');
    if (!isPlain || time < this.#firstTime || (isFirst && !flags.includes('K'))) this.doubt();
    this.#times.push(time);
  }

  /** Null where decoding may give other frames. */
  sorted(): Float64Array | null {
    if (this.#isDoubtful || this.#times.length === 0) return null;
    const times = Float64Array.from(this.#times).sort();
    return times.every((time, frame) => frame === 0 || time > (times[frame - 1] ?? time)) ? times : null;
  }
}

/**
 * How many of the frames that an MP4 or MOV file has in its index did not come out. Other containers count their
 * frames wrongly or not at all. Frames that an edit list hides are not missing.
 */
export async function missingFrames(
  path: string,
  stream: VideoStreamFacts,
  decodedFrames: number,
  options: FfmpegOptions,
): Promise<number> {
  const entries = ['-show_entries', 'stream=nb_frames:format=format_name'];
  const questions = ['-select_streams', String(stream.index), ...entries];
  const answer = await askFfprobe(path, questions, countSchema, {
    program: options.programs.ffprobe,
    timeoutMs: countTimeoutMs,
    signal: options.signal,
  });
  const indexed = Number(answer.streams[0]?.nb_frames);
  if (!answer.format.format_name.startsWith('mov') || !(indexed > decodedFrames)) return 0;
  let hidden = 0;
  for await (const { flags } of sourcePackets(path, stream.index, options))
    if (flags.includes('D')) hidden += 1;
  return Math.max(0, indexed - hidden - decodedFrames);
}

/** Packets of one stream of a source, or of all, as far as a damaged file can be read. */
async function* sourcePackets(
  path: string,
  stream: number | null,
  options: FfmpegOptions,
  onComplaint: () => void = () => undefined,
): AsyncGenerator<PacketFacts> {
  const { size: sizeBytes } = await stat(path);
  const request = {
    path,
    sizeBytes,
    ...(stream === null ? {} : { stream }),
    what: 'times',
    onErrorLine: onComplaint,
  } as const;
  let packets = 0;
  let reason = '';
  try {
    for await (const packet of readPackets(request, options)) {
      packets += 1;
      yield packet;
    }
  } catch (error) {
    if (!(error instanceof ProgramRefusedError)) throw error;
    reason = error.message;
  }
  if (packets === 0) throw unreadableVideo(path, reasonInStderr(reason));
}
