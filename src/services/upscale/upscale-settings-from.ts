import type { PinnedFile } from '../../core/upscale/upscale-checkpoint.ts';
import type { UpscaleSettings } from '../../core/upscale/upscale-settings.ts';
import type { LaneCount } from './count-lanes.ts';
import type { UpscaleRequest } from './upscale-request.ts';

/** x264 gains little from more, and each costs a few rows of freedom. */
const maxThreads = 16;

/** Threads of the encoder on a machine whose cores are not known. */
const usualThreads = 8;

/**
 * Freezes what a run will use. The encoder's threads are part of it: its bytes depend on them, and a resumed run is to
 * give the same video.
 */
export function upscaleSettingsFrom(
  request: UpscaleRequest,
  found: { readonly lanes: LaneCount; readonly model: PinnedFile | null; readonly cores: number },
): UpscaleSettings {
  const { upscaling, host } = request;
  const threads = host === 'local' ? Math.min(maxThreads, Math.ceil(1.5 * found.cores)) : usualThreads;
  return {
    output: request.outputPath,
    host,
    slots: request.slots,
    dedupe: upscaling.dedupe,
    keep_going: request.isKeptGoing,
    force: request.isForced,
    engine: {
      kind: upscaling.engine,
      scale: upscaling.scale,
      batch_size: upscaling.batch_size,
      lanes: found.lanes.lanes,
      is_lane_count_open: found.lanes.isOpen,
      tile: upscaling.tile,
      model: found.model?.sha256 ?? null,
      encoding: { crf: upscaling.crf, preset: upscaling.preset, threads },
    },
  };
}
