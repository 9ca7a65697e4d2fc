import type { EncodingChoice } from '../../core/encoding/choose-encoding.ts';
import { filtersOf } from '../../core/frames/frame-filters.ts';
import type { Ports } from '../../ports/ports.ts';
import type { Encoding } from '../../protocol/segment.ts';
import { segmentFrames } from '../video/plan-video.ts';
import type { UpscaleRequest, VideoOperation } from '../video/video-types.ts';
import { countLanes } from './count-lanes.ts';

/** Threads of the encoder on every machine: its bytes depend on them, and two segments at once keep twice as many busy. */
const encoderThreads = 8;

/** How a video is encoded, on whatever machine. */
export function encodingOf({ crf, preset, ...more }: EncodingChoice['encoding']): Encoding {
  // In this order: keys of segments are made of it.
  const isX264 = (more.encoder ?? 'libx264') === 'libx264';
  return { crf, preset, threads: encoderThreads, ...(isX264 && { is_cpu_independent: true }), ...more };
}

/** Every frame is made larger. */
export function upscaleOperation(request: UpscaleRequest, ports: Ports): VideoOperation {
  const { upscaling, host, slots, outputPath: output } = request;
  const { engine, scale, size, dedupe, batch_size: batchSize } = upscaling;
  const filters = filtersOf(upscaling);
  return {
    ...{ kind: 'upscale', scale, size, filters, dedupe, batchSize, encoding: upscaling },
    modelUse: engine === 'onnx' ? { kind: 'upscale' } : null,
    takesRgb: engine === 'onnx',
    contextFrames: 0,
    maxSegmentFrames: engine === 'onnx' ? segmentFrames.mostWithModel : segmentFrames.most,
    placeRegions: async () => null,
    settingsFor: async (model, encoding) => {
      const lanes = await countLanes(request, ports);
      return {
        ...{ output, host, slots, dedupe },
        ...(Object.keys(filters).length > 0 && { filters }),
        keep_going: request.isKeptGoing,
        force: request.isForced,
        named: [...(request.named ?? [])],
        engine: {
          ...{ kind: engine, scale, batch_size: batchSize },
          ...(size !== '' && { size }),
          lanes: lanes.lanes,
          is_lane_count_open: lanes.isOpen,
          tile: upscaling.tile,
          model: model?.sha256 ?? null,
          encoding: encodingOf(encoding),
        },
      };
    },
  };
}
