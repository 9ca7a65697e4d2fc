import { z } from 'zod';
import { askFfprobe } from '../ffmpeg/ask-ffprobe.ts';
import { readPackets } from './packets.ts';
import type { ScanRequest } from './scan-command.ts';

const timeoutMs = 60_000;

const countSchema = z.object({
  streams: z.array(z.object({ nb_frames: z.string().optional() })).default([]),
  format: z.object({ format_name: z.string().default('') }).default({ format_name: '' }),
});

/**
 * How many of the frames that an MP4 or MOV file has in its index did not come out. Other containers count their
 * frames wrongly or not at all. Frames that an edit list hides are not missing.
 */
export async function missingFrames(
  { programs, path, stream, signal }: Omit<ScanRequest, 'options'>,
  decodedFrames: number,
): Promise<number> {
  const questions = [
    '-select_streams',
    String(stream.index),
    '-show_entries',
    'stream=nb_frames:format=format_name',
  ];
  const answer = await askFfprobe(path, questions, countSchema, {
    program: programs.ffprobe,
    timeoutMs,
    signal,
  });
  const indexed = Number(answer.streams[0]?.nb_frames);
  if (!answer.format.format_name.startsWith('mov') || !(indexed > decodedFrames)) return 0;
  let hidden = 0;
  for await (const packet of readPackets(programs.ffprobe, path, stream.index, signal)) {
    if (packet.isDiscarded) hidden += 1;
  }
  return Math.max(0, indexed - hidden - decodedFrames);
}
