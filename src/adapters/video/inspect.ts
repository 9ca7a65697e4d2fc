import type { VideoFacts } from '../../core/frames/video-facts.ts';
import { unreadableVideo } from '../ffmpeg/failures.ts';
import { askFfprobe, type FfprobeOptions } from '../ffmpeg/ffprobe.ts';
import { statSource } from '../ffmpeg/source-file.ts';
import {
  describeOther,
  describeVideo,
  type ProbeAnswer,
  type ProbeFrame,
  probeAnswerSchema,
  probeFrameSchema,
  probeQuestions,
} from './stream-facts.ts';

/** Packets read in search of a first frame: a recording may begin in the middle of a group of pictures. */
const searchedPackets = [1, 600];

/**
 * What is in a video file: its first video stream that is no cover picture, and all others.
 *
 * @throws AppError `video-unreadable` also when that stream's first frames cannot be decoded.
 */
export async function inspectVideo(path: string, options: FfprobeOptions): Promise<VideoFacts> {
  options.signal?.throwIfAborted();
  const { size } = await statSource(path);
  const answer = await askFfprobe(path, probeQuestions, probeAnswerSchema, options);
  const stream = answer.streams.find(
    ({ codec_type: type, disposition }) => type === 'video' && disposition?.attached_pic !== 1,
  );
  if (!stream) throw unreadableVideo(path, 'it holds no video, only sound, a cover picture or nothing');
  const video = describeVideo(stream, await firstFrame(path, stream.index, options));
  if (!video) throw unreadableVideo(path, 'its first frames cannot be decoded');
  return {
    container: answer.format.format_name ?? '',
    sizeBytes: Number(size),
    startSeconds: Number(answer.format.start_time) || 0,
    durationSeconds: durationOf(answer),
    video,
    others: answer.streams.filter(({ index }) => index !== stream.index).map(describeOther),
    chapters: answer.chapters.length,
  };
}

async function firstFrame(path: string, stream: number, options: FfprobeOptions): Promise<ProbeFrame | null> {
  for (const packets of searchedPackets) {
    const questions = [
      ...['-select_streams', String(stream), '-read_intervals', `%+#${packets}`, '-show_frames'],
      ...['-show_entries', 'frame=pix_fmt,interlaced_frame:frame_side_data=side_data_type'],
    ];
    const { frames } = await askFfprobe(path, questions, probeFrameSchema, options);
    if (frames[0]) return frames[0];
  }
  return null;
}

function durationOf({ format }: ProbeAnswer): number | null {
  const seconds = Number(format.duration);
  return seconds > 0 ? seconds : null;
}
