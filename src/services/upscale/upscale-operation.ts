import { duplicateModeFor } from '../../core/frames/duplicates/duplicate-finder.ts';
import { filtersOf } from '../../core/frames/frame-filters.ts';
import type { Ports } from '../../ports/ports.ts';
import { encodingOf } from '../video/encoding-of.ts';
import { segmentFrames } from '../video/plan-video.ts';
import type { UpscaleRequest, VideoOperation } from '../video/video-types.ts';
import { countLanes } from './count-lanes.ts';

/** Every frame is made larger. */
export function upscaleOperation(request: UpscaleRequest, ports: Ports): VideoOperation {
  const { upscaling, host, slots, outputPath: output } = request;
  const filters = filtersOf(upscaling);
  const { engine, scale, size, batch_size: batchSize } = upscaling;
  const dedupe = duplicateModeFor(upscaling.dedupe, { hasModel: engine === 'onnx' });
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
        ...(request.fps !== undefined && { fps: request.fps }),
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
