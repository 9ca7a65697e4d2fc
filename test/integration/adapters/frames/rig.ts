import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { FfmpegVideoTool } from '../../../../src/adapters/video/ffmpeg-video-tool.ts';
import type { VideoStreamFacts } from '../../../../src/core/frames/video-facts.ts';
import type { ScanEnd, ScannedFrame } from '../../../../src/ports/video-tool.ts';
import type { Clip, SegmentTask } from '../../../../src/protocol/segment.ts';

/** A signal that nobody aborts. */
export const noAbort = new AbortController().signal;

/** Runs ffmpeg, which must end well, and gives its stdout. */
export function ffmpeg(...programArguments: string[]): Buffer {
  const { status, stdout, stderr } = spawnSync(
    'ffmpeg',
    ['-nostdin', '-v', 'error', '-y', ...programArguments],
    {
      maxBuffer: 2 ** 30,
    },
  );
  if (status !== 0) throw new Error(`ffmpeg ended with ${status}: ${stderr}`);
  return stdout;
}

/** A clip of `testsrc2` in 96x54, without the detour of a second scaler. */
export function shoot(folder: string, name: string, ...options: string[]): string {
  const path = join(folder, name);
  ffmpeg('-f', 'lavfi', '-i', 'testsrc2=s=96x54:r=24000/1001:d=1.5', ...options, path);
  return path;
}

/** All frames of a video as raw bytes, as one bare ffmpeg decodes them. */
export function decodeAll(path: string, pixelFormat: string, ...options: string[]): Buffer {
  const output = [
    '-map',
    '0:V:0',
    '-fps_mode',
    'passthrough',
    '-pix_fmt',
    pixelFormat,
    '-f',
    'rawvideo',
    '-',
  ];
  return ffmpeg('-noautorotate', '-i', path, ...options, ...output);
}

/** Reads a scan through. Pictures are copied. */
export async function scanAll(
  path: string,
  stream: VideoStreamFacts,
  options = { withPictures: false, keepGoing: false },
) {
  const frames: ScannedFrame[] = [];
  const scan = new FfmpegVideoTool().scan(path, stream, options);
  for (;;) {
    const next: IteratorResult<ScannedFrame, ScanEnd> = await scan.next();
    if (next.done) return { frames, end: next.value };
    const { picture } = next.value;
    frames.push({ ...next.value, picture: picture && Uint8Array.from(picture) });
  }
}

/** A clip whose frames are taken and kept as they are stored. */
export function clipOf(stream: VideoStreamFacts, changes: Partial<Clip> = {}): Clip {
  const format = { ...stream.size, pixel_format: stream.pixelFormat };
  return {
    source: 'a'.repeat(64),
    stream: stream.index,
    is_turned: false,
    frame: format,
    target: format,
    frame_rate: stream.frameRate,
    time_base: stream.timeBase,
    sample_aspect: stream.sampleAspect,
    color: {
      range: stream.color.range,
      space: stream.color.space,
      primaries: stream.color.primaries,
      transfer: stream.color.transfer,
      chroma_location: stream.color.chromaLocation,
    },
    ...changes,
  };
}

/** The segment of all frames from `first` up to `end`, numbers into `times`. */
export function segmentOf(
  clip: Clip,
  times: readonly number[],
  range: {
    readonly first: number;
    readonly end: number;
    readonly seekTime: number | null;
    readonly repeats?: number[];
  },
): SegmentTask {
  const { first, end, seekTime } = range;
  return {
    task_key: 'b'.repeat(64),
    name: 'segment',
    segment_id: 0,
    first_batch: 0,
    clip,
    seek_time: seekTime,
    first_time: times[first] ?? 0,
    end_time: times[end] ?? null,
    repeats: range.repeats ?? Array<number>(end - first).fill(1),
  };
}

/** Bytes of all frames, one after the other. */
export async function collect(frames: AsyncIterable<Uint8Array>): Promise<Uint8Array[]> {
  return await Array.fromAsync(frames);
}

/** Pixels that begin as an ID3 tag does, which ffmpeg looks for in every input. */
export const tagLikeBytes: readonly number[] = [...Buffer.from('ID3\x03\0\0\0\0\0\x40', 'latin1')];
