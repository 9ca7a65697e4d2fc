import type { Region } from '../../core/regions/place-region.ts';
import { retouchSettingsSchema } from '../../core/retouch/retouch-settings.ts';
import { checkpointVersion } from '../../core/run/run-format.ts';
import type { PlannedRegion } from '../../core/video/video-checkpoint.ts';
import type { VideoSummary } from '../../core/video/video-summary.ts';
import type { RunContext, RunOutcome } from '../runs/carry-out.ts';
import { beginVideo } from '../video/begin-video.ts';
import { type RetouchTypes, retouchKind } from './retouch-kind.ts';
import { type RetouchRequest, retouchOperation } from './retouch-operation.ts';

/**
 * Plans a run that processes regions of a video, and carries it out.
 *
 * @throws AppError for anything that was wrong before the run began; the signal's reason when it aborts.
 */
export async function retouchVideo(
  request: RetouchRequest,
  context: RunContext<RetouchTypes>,
): Promise<RunOutcome<VideoSummary>> {
  const operation = retouchOperation(request);
  return await beginVideo(
    retouchKind,
    { request, operation },
    context,
    ({ settings, regions, masks }, planned) => ({
      version: checkpointVersion,
      kind: 'retouch',
      settings: retouchSettingsSchema.parse(settings),
      regions: (regions ?? []).map(plannedRegion),
      masks: masks && { sha256: masks.sha256, size_bytes: masks.sizeBytes },
      ...planned,
    }),
  );
}

function plannedRegion({ firstFrame, frames, box, masks }: Region): PlannedRegion {
  const region = { first_frame: firstFrame, frames, box: { ...box } };
  return masks ? { ...region, masks: masks.map((mask) => ({ ...mask })) } : region;
}
