import type { VideoSetCheckpoint } from '../../core/video-set/set-checkpoint.ts';

const planVersion = 1;

/** What is known of a run over several videos before it begins. */
type PlannedSet = Pick<
  VideoSetCheckpoint,
  'inputs' | 'settings' | 'model' | 'videos' | 'ignored' | 'notices' | 'scan_ms'
> & {
  readonly expectedBytes: number;
  readonly freeBytes: number | null;
};

/** What `upscale --dry-run --json` prints of several videos. */
export function videoSetPlanDocument(plan: PlannedSet) {
  const { settings, videos } = plan;
  const { engine } = settings;
  return {
    version: planVersion,
    kind: 'upscale-set' as const,
    inputs: [...plan.inputs],
    output: settings.output,
    engine: {
      kind: engine.kind,
      model: plan.model?.path ?? null,
      scale: engine.size === undefined ? engine.scale : null,
      size: engine.size ?? '',
      workers: engine.lanes,
      is_worker_count_open: engine.is_lane_count_open,
    },
    host: settings.host,
    counts: {
      videos: videos.length,
      to_do: videos.filter(({ failure, is_skipped: isSkipped }) => failure === null && !isSkipped).length,
      skipped: videos.filter(({ is_skipped: isSkipped }) => isSkipped).length,
      failed: videos.filter(({ failure }) => failure !== null).length,
    },
    videos: videos.map(({ input, name, output, size_bytes, frames, target, failure, is_skipped }) => ({
      ...{ input, name, output, size_bytes, frames, target, failure, is_skipped },
    })),
    ignored: [...plan.ignored],
    notices: [...plan.notices],
    scan_ms: plan.scan_ms,
    expected: { output_bytes: plan.expectedBytes },
    free_bytes: plan.freeBytes,
  };
}

export type VideoSetPlanDocument = ReturnType<typeof videoSetPlanDocument>;
