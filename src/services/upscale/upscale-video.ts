import { checkpointVersion } from '../../core/run/run-format.ts';
import { upscaleSettingsSchema } from '../../core/upscale/upscale-settings.ts';
import type { VideoSummary } from '../../core/video/video-summary.ts';
import type { Ports } from '../../ports/ports.ts';
import type { VideoObserver } from '../../ports/run-observer.ts';
import type { RunOutcome } from '../runs/carry-out.ts';
import type { ActiveRun, RunTypes } from '../runs/run-kind.ts';
import { beginVideo } from '../video/begin-video.ts';
import type { UpscaleRequest } from '../video/video-types.ts';
import { upscaleKind } from './upscale-kind.ts';
import { upscaleOperation } from './upscale-operation.ts';

/**
 * Plans an upscale run and carries it out.
 *
 * @throws AppError for anything that was wrong before the run began; the signal's reason when it aborts.
 */
export async function upscaleVideo(
  request: UpscaleRequest & Pick<ActiveRun<RunTypes>, 'isDetached' | 'leave'>,
  ports: Ports,
  observer: VideoObserver,
  signal: AbortSignal,
): Promise<RunOutcome<VideoSummary>> {
  const { isDetached, leave } = request;
  const context = { ports, observer, signal, leave, isDetached };
  const operation = upscaleOperation(request, ports);
  return await beginVideo(upscaleKind, { request, operation }, context, ({ settings }, planned) => ({
    version: checkpointVersion,
    kind: 'upscale',
    settings: upscaleSettingsSchema.parse(settings),
    ...planned,
  }));
}
