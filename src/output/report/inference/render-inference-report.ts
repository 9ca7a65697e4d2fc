import type { InferenceReportHeader, InferenceReportItem } from '../../../core/inference/inference-report.ts';
import { renderSpecsPage, reportPageLimits } from '../specs/render-specs-page.ts';
import type { PageLimits, ReadMedia } from '../specs/spec-data.ts';
import { inferenceBanner } from './banner.ts';
import { inferenceStyle } from './style.ts';

/** The page about a run from prompts to videos. @param items - As those of `renderSpecsPage`. */
export async function* renderInferenceReport(
  header: InferenceReportHeader,
  items: AsyncIterable<InferenceReportItem>,
  readMedia: ReadMedia<InferenceReportItem>,
  limits: PageLimits = reportPageLimits,
): AsyncGenerator<string, void> {
  const { run_id: runId, status, specs } = header;
  yield* renderSpecsPage(
    {
      ...{ runId, status, banner: inferenceBanner(header), style: inferenceStyle, hasVideos: true },
      hasMachines: (header.machines ?? null) !== null,
      counts: [
        ['prompt-failed', specs.prompt_failed],
        ['video-failed', specs.video_failed],
        ['waiting', specs.waiting],
        ['done', specs.done],
        ['left-out', specs.left_out],
      ],
    },
    items,
    readMedia,
    limits,
  );
}
