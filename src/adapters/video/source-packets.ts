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
  for await (const packet of sourcePackets(path, null, options)) {
    finder.add(packet);
    const { stream, time, flags, duration } = packet;
    if (stream !== video.index || flags.includes('D') || Number.isNaN(time)) continue;
    if (flags.includes('K')) keyTimes.add(time);
    if (time >= last.time) Object.assign(last, { time, duration });
  }
  return {
    keyTimes: Float64Array.from(keyTimes).sort(),
    lastDuration: last.duration > 0 ? last.duration : null,
    breaks: finder.breaks(),
    lengthSeconds: finder.lengthSeconds(),
  };
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
): AsyncGenerator<PacketFacts> {
  const { size: sizeBytes } = await stat(path);
  const request = { path, sizeBytes, ...(stream === null ? {} : { stream }), what: 'times' } as const;
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
