import { fractionText } from '../../core/frames/fraction.ts';
import type { FrameFormat } from '../../core/frames/frame-format.ts';
import { diskFullIn } from '../../errors/system-error.ts';
import type { ResampleRequest } from '../../ports/frame-tool.ts';
import type { Clip } from '../../protocol/segment.ts';
import { framesFailed } from '../ffmpeg/failures.ts';
import { syncFile } from '../files/publish-file.ts';
import { countMp4Frames } from '../mp4/samples.ts';
import { type ChildEnd, linesOf, PipedChild } from '../piped-child.ts';
import { DamageNotes } from '../video/damage-notes.ts';
import {
  decodingFailed,
  readComplaint,
  type SegmentStarts,
  segmentFilters,
  segmentInput,
} from './decode-segment.ts';
import { deviceOptions } from './encoder-arguments.ts';
import { described, encodedOutput } from './frame-encoder.ts';
import { scalingGraph } from './scaling-filter.ts';

/** What ffmpeg says where an encoder cannot begin: the video has nothing to do with it. */
const isOfEncoder = /opening encoder|error initializing output|unknown encoder|parsing global options/i;

/** How often ffmpeg says how far it is, in seconds. */
const progressPeriod = '0.5';

/**
 * Makes the file of a segment that is only resampled, in one ffmpeg. Where seeking leads to wrong frames it is done again from
 * further ahead.
 */
export async function resampleSegment(
  program: string,
  starts: SegmentStarts,
  request: ResampleRequest,
  signal: AbortSignal,
): Promise<void> {
  const { segment, path } = request;
  for (const start of starts.of(segment)) {
    const { end, damage } = await attempt(program, request, start, signal);
    const full = diskFullIn(end.stderrTail, path);
    if (full) throw full;
    const frames = end.exitCode === 0 ? ((await countMp4Frames(path)) ?? 0) : 0;
    if (frames === segment.repeats.length && damage === '') {
      await syncFile(path);
      return;
    }
    // No start leads further where ffmpeg itself fails; from the beginning, decoding without an end shows a damaged file.
    if (end.exitCode === null || isOfEncoder.test(end.stderrTail))
      throw framesFailed(program, `Upscaling segment ${segment.segment_id}`, end);
    if (start === null) throw decodingFailed(program, request, { frames, end, damage }, false);
    starts.noteMisled(segment);
  }
}

async function attempt(
  program: string,
  request: ResampleRequest,
  seekTime: number | null,
  signal: AbortSignal,
): Promise<{ readonly end: ChildEnd; readonly damage: string }> {
  signal.throwIfAborted();
  const { clip } = request.segment;
  const damage = new DamageNotes(clip.stream);
  let frames = 0;
  const onErrorLine = (line: string) => readComplaint(line, damage, frames);
  const options = { hasInput: false, outputs: 1, isOnFiles: true, signal, onErrorLine } as const;
  await using child = new PipedChild(program, resamplingArguments(request, seekTime), options);
  for await (const line of child.outputs[0] ? linesOf(child.outputs[0]) : []) {
    const done = /^frame=(\d+)$/.exec(line)?.[1];
    if (done === undefined) continue;
    frames = Number(done);
    request.onFrames(frames);
  }
  const end = await child.ended;
  signal.throwIfAborted();
  return { end, damage: clip.is_unchecked ? damage.toString() : '' };
}

function resamplingArguments(
  { sourcePath, segment, path, encoding }: ResampleRequest,
  seekTime: number | null,
): readonly string[] {
  const { clip, repeats } = segment;
  const graph = [
    ...segmentFilters(segment),
    ...[
      scalingGraph(formatOf(clip.frame), formatOf(clip.target), clip),
      ...evenTimes(clip),
      ...described(clip, encoding),
    ],
  ];
  return [
    ...[
      '-y',
      ...deviceOptions(encoding),
      '-progress',
      'pipe:1',
      '-stats_period',
      progressPeriod,
      '-filter_threads',
      '1',
    ],
    ...[...segmentInput(sourcePath, segment, seekTime), '-vf', graph.join(',')],
    ...['-frames:v', String(repeats.length), ...encodedOutput({ clip, encoding, path })],
  ];
}

/** Frames follow one another at the clip's rate, from 0; the last filter knows it for the encoder, setting times forgets it. */
function evenTimes({ frame_rate: rate }: Clip): readonly string[] {
  return [`settb=${rate.denominator}/${rate.numerator}`, 'setpts=N', `fps=${fractionText(rate)}`];
}

function formatOf({ width, height, pixel_format: pixelFormat }: Clip['frame']): FrameFormat {
  return { width, height, pixelFormat };
}
