import { type UpscaleCheckpoint, upscaleFormat } from '../../core/video/video-checkpoint.ts';
import type { RunKind } from '../runs/run-kind.ts';
import { withModelPath } from '../video/source-of.ts';
import { videoKind } from '../video/video-kind.ts';
import type { UpscaleTypes } from '../video/video-types.ts';
import { newUpscaleCommand } from './resume-upscale.ts';

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
