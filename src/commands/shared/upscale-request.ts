import { resolve } from 'node:path';
import type { Settings } from '../../core/settings/settings-schema.ts';
import { AppError } from '../../errors/app-error.ts';
import type { Ports } from '../../ports/ports.ts';
import type { UpscaleRequest } from '../../services/upscale/upscale-request.ts';
import type { GivenUpscaleFlags } from './upscale-flags.ts';

/** A request in the words of the services. @throws AppError `usage-invalid`, `host-unknown`. */
export function toUpscaleRequest(
  video: string | undefined,
  flags: GivenUpscaleFlags,
  { settings, ports }: { readonly settings: Settings; readonly ports: Pick<Ports, 'host' | 'parallelism'> },
): UpscaleRequest {
  if (video === undefined) throw missing('No video was named.');
  if (flags.output === undefined) throw missing('It was not said where the finished video goes.');
  const host = flags.host ?? 'local';
  // An unknown host is told before anything is planned.
  ports.host(host);
  const { upscaling } = settings;
  if (upscaling.engine === 'onnx' && upscaling.model === '')
    throw missing('The engine onnx needs a --model.');
  return {
    inputPath: resolve(video),
    outputPath: resolve(flags.output),
    modelPath: upscaling.engine === 'onnx' ? resolve(upscaling.model) : null,
    host,
    slots: settings.hosts[host]?.workers ?? 1,
    upscaling,
    isForced: flags.force ?? false,
    isKeptGoing: flags['keep-going'] ?? false,
  };
}

function missing(message: string): AppError {
  return new AppError({
    code: 'usage-invalid',
    message,
    hint: 'For example: cosmos upscale clip.mp4 -o clip-2x.mp4',
  });
}
