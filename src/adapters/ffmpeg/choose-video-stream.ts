import { z } from 'zod';
import { chooseVideo } from '../../core/frames/choose-video.ts';
import { askFfprobe, type FfprobeOptions } from './ffprobe.ts';

interface VideoStream {
  readonly nb_frames?: string | undefined;
  readonly disposition?: { readonly default?: number | undefined } | undefined;
}

const countsSchema = z.object({
  streams: z.array(z.object({ nb_read_packets: z.string().optional() })).default([]),
});

/**
 * Which of a file's videos that are no cover pictures is meant, by its place among them. Only where there are several
 * and the file does not say how long they are it is read through.
 *
 * @throws AppError `video-unreadable`.
 */
export async function chooseVideoStream(
  path: string,
  videos: readonly VideoStream[],
  options: FfprobeOptions,
): Promise<number> {
  if (videos.length <= 1) return 0;
  const indexed = videos.map(({ nb_frames: frames }) => Number(frames));
  const counts = indexed.every((frames) => frames > 0) ? indexed : await countPackets(path, options);
  return chooseVideo(
    videos.map(({ disposition }, place) => ({
      isDefault: disposition?.default === 1,
      frames: counts[place] ?? 0,
    })),
  );
}

async function countPackets(path: string, options: FfprobeOptions): Promise<readonly number[]> {
  const entries = ['-show_entries', 'stream=nb_read_packets'];
  const questions = ['-select_streams', 'V', '-count_packets', ...entries];
  const { streams } = await askFfprobe(path, questions, countsSchema, options);
  return streams.map(({ nb_read_packets: packets }) => Number(packets) || 0);
}
