import type { FrameFormat } from '../../core/frames/frame-format.ts';
import type {
  DecodeRequest,
  EncodeRequest,
  FrameFilter,
  FrameSink,
  FrameTool,
  ResampleRequest,
} from '../../ports/frame-tool.ts';
import type { Clip } from '../../protocol/segment.ts';
import { type FfmpegPrograms, findPrograms } from '../ffmpeg/programs.ts';
import { keepYoungHeapSmall } from '../limit-heap-growth.ts';
import { SegmentDecoder, SegmentStarts } from './decode-segment.ts';
import { FrameEncoder } from './frame-encoder.ts';
import { resampleSegment } from './resample-segment.ts';
import { ScalingFilter } from './scaling-filter.ts';

/** A {@link FrameTool} that starts one ffmpeg for each thing it is asked for. */
export class FfmpegFrameTool implements FrameTool {
  readonly #program: string;
  readonly #starts = new SegmentStarts();
  readonly #decoder: SegmentDecoder;

  constructor(programs: Pick<FfmpegPrograms, 'ffmpeg'> = findPrograms()) {
    this.#program = programs.ffmpeg;
    this.#decoder = new SegmentDecoder(this.#program, this.#starts);
  }

  decode(request: DecodeRequest, signal: AbortSignal): AsyncIterable<Uint8Array> {
    keepYoungHeapSmall();
    return this.#decoder.decode(request, signal);
  }

  startScaling(from: FrameFormat, to: FrameFormat, clip: Clip | null, signal: AbortSignal): FrameFilter {
    return new ScalingFilter(this.#program, from, to, clip, signal);
  }

  resample(request: ResampleRequest, signal: AbortSignal): Promise<void> {
    keepYoungHeapSmall();
    return resampleSegment(this.#program, this.#starts, request, signal);
  }

  encode(request: EncodeRequest, signal: AbortSignal): FrameSink {
    return new FrameEncoder(this.#program, request, signal);
  }
}
