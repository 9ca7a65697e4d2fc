import { type UpscaleCheckpoint, upscaleFormat } from '../../core/upscale/upscale-checkpoint.ts';
import type { RunKind } from '../runs/run-kind.ts';
import { newUpscaleCommand, withModelPath } from './resume-upscale.ts';
import type { UpscaleTypes } from './upscale-types.ts';
import { videoKind } from './video-kind.ts';

export const upscaleKind: RunKind<UpscaleTypes> = videoKind<UpscaleCheckpoint>({
  format: upscaleFormat,
  command: 'cosmos upscale',
  repeatCommand: (checkpoint) => {
    const settings = withModelPath(checkpoint.settings, checkpoint);
    // Its output stands there already.
    const named = [...(settings.named ?? []).filter((path) => path !== 'force'), 'force'];
    return newUpscaleCommand(checkpoint.source.path, { ...settings, force: true, named });
  },
});
