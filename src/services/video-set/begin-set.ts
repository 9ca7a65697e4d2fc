import { checkpointVersion } from '../../core/run/run-format.ts';
import type { VideoSetSummary } from '../../core/video-set/set-summary.ts';
import type { Ports } from '../../ports/ports.ts';
import type { VideoSetObserver } from '../../ports/run-observer.ts';
import { assertWritable } from '../runs/assert-writable.ts';
import { beginRun, type RunOutcome } from '../runs/carry-out.ts';
import type { ActiveRun, RunTypes } from '../runs/run-kind.ts';
import { spaceNotice } from '../runs/space-notice.ts';
import { planVideoSet } from './plan-set.ts';
import { videoSetKind } from './set-kind.ts';
import type { VideoSetRequest } from './set-types.ts';

/**
 * Plans a run over several videos and carries it out.
 *
 * @throws AppError for anything that was wrong before the run began; the signal's reason when it aborts.
 */
export async function upscaleVideoSet(
  request: VideoSetRequest & Pick<ActiveRun<RunTypes>, 'isDetached' | 'leave'>,
  ports: Ports,
  observer: VideoSetObserver,
  signal: AbortSignal,
): Promise<RunOutcome<VideoSetSummary>> {
  await assertWritable(ports.workFolders(request.host), ports);
  const { expectedBytes, freeBytes, ...plan } = await planVideoSet(request, ports, observer, signal);
  for (const notice of plan.notices) observer.onNotice(notice);
  const space = spaceNotice('the outputs', freeBytes, expectedBytes);
  if (space !== null) observer.onNotice(space);
  const { isDetached, leave } = request;
  return await beginRun(
    videoSetKind,
    {
      ...{ version: checkpointVersion, kind: 'upscale-set', run_id: ports.newRunId() },
      ...{ tool_version: ports.toolVersion, created_at: new Date(ports.clock.now()).toISOString() },
      ...plan,
    },
    { ports, observer, signal, leave, isDetached },
  );
}
