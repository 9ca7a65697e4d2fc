import type { ReportHeader, ReportItem } from '../../../core/upsample/upsample-report.ts';
import { pageScript } from '../script.ts';
import { renderBanner } from './banner.ts';
import { renderClosing } from './closing.ts';
import { renderHead } from './head.ts';
import { renderKeys } from './keys.ts';
import { type PageLimits, type ReadFrames, specChunks } from './spec-data.ts';
import { renderToolbar } from './toolbar.ts';

/** Limits of {@link renderHtmlReport}: a page of up to about 130 MB, which browsers open in seconds. */
export const reportPageLimits: PageLimits = {
  maxItems: 20_000,
  maxItemsWithFrames: 2_000,
  maxFramesBytes: 96 * 1024 * 1024,
};

/**
 * One self-contained page about a run, in pieces to be written one after the other: no network, no other file,
 * a content security policy that allows its own script and style and nothing else. Memory is bounded by a few
 * specs, whatever the size of the run; the script comes before the data and shows them while they arrive; what is beyond `limits` is left out, and the page says so.
 *
 * @param items - Failures first; all failures are listed, even beyond the limit.
 * @param readFrames - The JPEG frames the model saw for a spec; empty when there are none any more.
 */
export async function* renderHtmlReport(
  header: ReportHeader,
  items: AsyncIterable<ReportItem>,
  readFrames: ReadFrames,
  limits: PageLimits = reportPageLimits,
): AsyncGenerator<string, void> {
  yield renderHead(header).markup;
  yield renderBanner(header).markup;
  yield renderToolbar(header).markup;
  yield renderKeys().markup;
  yield `<script>${pageScript}</script>\n`;
  const omissions = yield* specChunks(items, readFrames, limits);
  yield renderClosing(omissions).markup;
}
