import type { UpscaleSummary } from '../../core/upscale/upscale-summary.ts';
import type { Ports } from '../../ports/ports.ts';
import { upscaleStateOf } from './resume-upscale.ts';
import { summaryOfUpscale } from './summarise-upscale.ts';
import { timesOf } from './upscale-times.ts';
import { writeUpscaleReport } from './write-upscale-report.ts';

/** Writes both reports of an upscale run anew, as it stands, and sums it up. Needs no lock: it may run meanwhile. */
export async function showUpscaleReport(reference: string, ports: Ports): Promise<UpscaleSummary> {
  const run = await ports.upscaleRuns.read(reference);
  const state = upscaleStateOf(run);
  await writeUpscaleReport(run, state, ports);
  const { segmentsMs, finishMs } = timesOf(run.events, state.segments.size);
  const durationMs = run.checkpoint.scan_ms + segmentsMs + finishMs;
  const isPartial = state.pendingCount === 0 && state.counts.failed_segments > 0;
  const ended = state.video !== null ? 'complete' : isPartial ? 'partial' : 'failed';
  const status = state.lastStatus === 'detached' ? 'detached' : ended;
  return summaryOfUpscale(run, state, { status, durationMs, frames: state.finishedFrames, error: null });
}
