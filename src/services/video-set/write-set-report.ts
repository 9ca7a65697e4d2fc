import type { VideoSetState } from '../../core/video-set/set-state.ts';
import type { Ports } from '../../ports/ports.ts';
import type { StoredVideoSet } from './set-types.ts';
import { summaryOfVideoSet } from './summarise-set.ts';

/** Writes both reports of a run over several videos as it stands: a row for each video. */
export async function writeVideoSetReport(
  run: StoredVideoSet,
  state: VideoSetState,
  ports: Pick<Ports, 'reports' | 'toolVersion'>,
): Promise<void> {
  const { paths } = run;
  const report = { ...summaryOfVideoSet(run, state, null), tool_version: ports.toolVersion };
  await ports.reports.writeVideoSet({ json: paths.reportJson, html: paths.reportHtml }, report);
}
