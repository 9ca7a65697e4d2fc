import type { ReportHeader, ReportItem } from '../../../core/upsample/upsample-report.ts';
import { renderSpecsPage, reportPageLimits } from '../specs/render-specs-page.ts';
import type { PageLimits, ReadMedia } from '../specs/spec-data.ts';
import { upsampleBanner } from './banner.ts';

/** The page about a run that enriched specs. @param items - As those of `renderSpecsPage`. */
export async function* renderUpsampleReport(
  header: ReportHeader,
  items: AsyncIterable<ReportItem>,
  readMedia: ReadMedia<ReportItem>,
  limits: PageLimits = reportPageLimits,
): AsyncGenerator<string, void> {
  const { counts, run_id: runId, status } = header;
  const done = counts.upsampled + counts.reused + counts.skipped + counts.failed;
  yield* renderSpecsPage(
    {
      ...{ runId, status, banner: upsampleBanner(header), style: '', hasVideos: false },
      hasMachines: (header.machines ?? null) !== null,
      counts: [
        ['failed', counts.failed],
        ['upsampled', counts.upsampled],
        ['reused', counts.reused],
        ['skipped', counts.skipped],
        ['pending', counts.total - done],
      ],
    },
    items,
    readMedia,
    limits,
  );
}
