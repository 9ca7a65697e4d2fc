import { resolve } from 'node:path';
import { workersOf } from '../../core/settings/host-named.ts';
import { namedBy, resumeRules } from '../../core/settings/resume-rules.ts';
import type { Settings } from '../../core/settings/settings-schema.ts';
import { usageError } from '../../errors/app-error.ts';
import type { Ports } from '../../ports/ports.ts';
import type { UpscaleRequest } from '../../services/video/video-types.ts';
import { besideVideo } from './encoding-flags.ts';
import type { GivenUpscaleFlags } from './upscale-flags.ts';

export function toUpscaleRequest(
  video: string | undefined,
  flags: GivenUpscaleFlags,
  {
    settings,
    ports,
  }: { readonly settings: Settings; readonly ports: Pick<Ports, 'host' | 'parallelism' | 'modelLibrary'> },
): UpscaleRequest {
  if (video === undefined)
    throw usageError('No video was given.', 'For example: cosmos upscale clip.mp4 -o clip-2x.mp4');
  const host = flags.host ?? 'local';
  // An unknown host is refused before anything is planned.
  ports.host(host);
  const { upscaling } = settings;
  const usesModel = upscaling.engine === 'onnx';
  if (usesModel && upscaling.model === '')
    throw usageError(
      'The engine onnx needs a model.',
      'Give its name or its file: cosmos upscale clip.mp4 --model esrgan-slim (all names: cosmos models)',
    );
  if (!usesModel && flags.model !== undefined)
    throw usageError(
      `The engine ${upscaling.engine} uses no model, but one is given.`,
      'Leave out --model or --engine.',
    );
  return {
    inputPath: resolve(video),
    outputPath: resolve(flags.output ?? besideVideo(video, suffixOf(upscaling), upscaling)),
    modelPath: usesModel ? ports.modelLibrary.pathOf(upscaling.model, upscaling.scale) : null,
    host,
    slots: workersOf(settings, host),
    upscaling,
    isForced: flags.force ?? false,
    isKeptGoing: flags['keep-going'] ?? false,
    named: namedBy(resumeRules.upscale, flags),
  };
}

/** `-2x` of `clip-2x.mp4`. */
function suffixOf({ scale, size }: Pick<UpscaleRequest['upscaling'], 'scale' | 'size'>): string {
  return size === '' ? `-${scale}x` : `-${size.trim().toLowerCase()}`;
}
