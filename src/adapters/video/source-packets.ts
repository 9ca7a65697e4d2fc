import { stat } from 'node:fs/promises';
import { z } from 'zod';
import type { VideoStreamFacts } from '../../core/frames/video-facts.ts';
import { reasonInStderr, unreadableVideo } from '../ffmpeg/failures.ts';
import { askFfprobe, type PacketFacts, readPackets } from '../ffmpeg/ffprobe.ts';
import { type FfmpegOptions, ProgramRefusedError } from '../ffmpeg/run-ffmpeg.ts';

const countTimeoutMs = 60_000;

const countSchema = z.object({
  streams: z.array(z.object({ nb_frames: z.string().optional() })).default([]),
  format: z.object({ format_name: z.string().default('') }).default({ format_name: '' }),
});

/** Presentation times of a stream's key frames, ascending, each once. @throws AppError `video-unreadable`. */
export async function readKeyTimes(
  path: string,
  stream: VideoStreamFacts,
  options: FfmpegOptions,
): Promise<Float64Array> {
  const times = new Set<number>();
  for await (const { time, flags } of sourcePackets(path, stream, options)) {
    if (flags.includes('K') && !flags.includes('D') && !Number.isNaN(time)) times.add(time);
  }
  return Float64Array.from(times).sort();
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
  for await (const { flags } of sourcePackets(path, stream, options)) if (flags.includes('D')) hidden += 1;
  return Math.max(0, indexed - hidden - decodedFrames);
}

/** Packets of one stream of a source, as far as a damaged file can be read. */
async function* sourcePackets(
  path: string,
  stream: VideoStreamFacts,
  options: FfmpegOptions,
): AsyncGenerator<PacketFacts> {
  const { size: sizeBytes } = await stat(path);
  const request = { path, sizeBytes, stream: stream.index, what: 'times' } as const;
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
