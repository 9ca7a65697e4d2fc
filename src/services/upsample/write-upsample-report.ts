import { type ReportHeader, reportVersion } from '../../core/upsample/upsample-report.ts';
import type { UpsampleState } from '../../core/upsample/upsample-state.ts';
import type { Ports } from '../../ports/ports.ts';
import { hintName } from './prepare-task.ts';
import { reportItems, tokenDriftOf } from './report-items.ts';
import { answeringModelOf } from './summarise-upsample.ts';
import type { StoredUpsample } from './upsample-types.ts';

/** Writes `report.json` and `report.html` of a run as it stands. */
export async function writeUpsampleReport(
  run: Pick<StoredUpsample, 'runId' | 'checkpoint' | 'paths' | 'events'>,
  state: UpsampleState,
  ports: Pick<Ports, 'reports' | 'specs' | 'clock' | 'toolVersion'>,
): Promise<void> {
  const { paths, checkpoint } = run;
  await ports.reports.write(
    { json: paths.reportJson, html: paths.reportHtml },
    headerOf(run, state, ports),
    () => reportItems(checkpoint, state, ports.specs),
    (sha256) => paths.inside(hintName(sha256)),
  );
}

function headerOf(
  { runId, checkpoint }: Pick<StoredUpsample, 'runId' | 'checkpoint'>,
  state: UpsampleState,
  { clock, toolVersion }: Pick<Ports, 'clock' | 'toolVersion'>,
): ReportHeader {
  const { settings } = checkpoint;
  const isEnded = state.pendingCount === 0;
  return {
    version: reportVersion,
    run_id: runId,
    tool_version: toolVersion,
    status: isEnded ? state.endStatus : 'unfinished',
    host: settings.host,
    engine: settings.engine.kind,
    model: settings.engine.model || answeringModelOf(state),
    input_root: checkpoint.input_root,
    output_dir: settings.output_dir,
    started_at: checkpoint.created_at,
    finished_at: isEnded ? new Date(clock.now()).toISOString() : null,
    duration_ms: Math.max(0, clock.now() - Date.parse(checkpoint.created_at)),
    counts: state.counts,
    token_drift: tokenDriftOf(state, settings),
    is_resumable: state.isResumable,
  };
}
