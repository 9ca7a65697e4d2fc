import type { ReportHeader, ReportItem } from '../../../core/upsample/upsample-report.ts';
import { counted } from '../../text/format.ts';
import { statusTitle } from '../banner.ts';
import { documentEnd, documentStart, startScript } from '../document.ts';
import { type Html, html } from '../html.ts';
import { notice } from '../sections.ts';
import { baseStyle } from '../style.ts';
import { upsampleBanner } from './banner.ts';
import { type Omissions, type PageLimits, type ReadFrames, specChunks } from './spec-data.ts';
import { upsampleStyle } from './style.ts';
import { renderKeys, renderToolbar } from './toolbar.ts';

/** Limits of {@link renderUpsampleReport}: a page of up to about 130 MB, which browsers open in seconds. */
export const reportPageLimits: PageLimits = {
  maxItems: 20_000,
  maxItemsWithFrames: 2_000,
  maxFramesBytes: 96 * 1024 * 1024,
};

/**
 * One self-contained page about a run, in pieces to be written one after the other: no network, no other file,
 * a content security policy that allows its own program and style and nothing else. Memory is bounded by a few
 * specs, whatever the size of the run; the program is started before the data and shows them while they arrive; what is
 * beyond `limits` is left out, and the page says so.
 *
 * @param items - Failures first; all failures are listed, even beyond the limit.
 * @param readFrames - The JPEG frames the model saw for a spec; empty when there are none any more.
 */
export async function* renderUpsampleReport(
  header: ReportHeader,
  items: AsyncIterable<ReportItem>,
  readFrames: ReadFrames,
  limits: PageLimits = reportPageLimits,
): AsyncGenerator<string, void> {
  const start = documentStart({
    title: `${statusTitle(header.status)}: cosmos run ${header.run_id}`,
    style: baseStyle + upsampleStyle,
    skipTo: { id: 'results', text: 'Skip to the specs' },
  });
  yield html`${start}${upsampleBanner(header)}${renderToolbar(header)}${renderKeys()}${startScript}`.markup;
  const omissions = yield* specChunks(items, readFrames, limits);
  yield html`<div id="late-notices">${leftOut(omissions)}</div>\n${documentEnd}`.markup;
}

/** What did not fit into the page; its program moves the notice to the top. */
function leftOut({ items, frames }: Omissions): Html | null {
  if (items === 0 && frames === 0) return null;
  const sentences = [
    items === 0
      ? ''
      : `${counted(items, 'spec')} that did not fail ${items === 1 ? 'is' : 'are'} not listed here.`,
    frames === 0
      ? ''
      : `${counted(frames, 'spec')} of those listed ${frames === 1 ? 'comes' : 'come'} without frames.`,
  ];
  return notice(
    'Not everything is in this page',
    html`\n<p>${sentences.filter(Boolean).join(' ')} Every spec is in <code>report.json</code> beside this page.</p>`,
  );
}
