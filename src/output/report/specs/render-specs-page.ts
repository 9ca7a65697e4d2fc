import { counted } from '../../text/format.ts';
import { type ShownStatus, statusTitle } from '../banner.ts';
import { documentEnd, documentStart, startScript } from '../document.ts';
import { type Html, html } from '../html.ts';
import { machinesStyle } from '../machines.ts';
import { notice } from '../sections.ts';
import { baseStyle, panelStyle } from '../style.ts';
import { type Omissions, type PageLimits, type ReadMedia, specChunks } from './spec-data.ts';
import type { ListedItem, StatusCount } from './statuses.ts';
import { specsStyle } from './style.ts';
import { renderKeys, renderToolbar } from './toolbar.ts';

/** Usual limits: a page of up to about 150 MB, which browsers open in seconds. */
export const reportPageLimits: PageLimits = {
  maxItems: 20_000,
  maxFailures: 50_000,
  maxItemsWithFrames: 2_000,
  maxFramesBytes: 96 * 1024 * 1024,
  maxClipsBytes: 15 * 1024 * 1024,
};

/** What stands above the specs of a page. */
export interface SpecsPage {
  readonly runId: string;
  readonly status: ShownStatus;
  readonly banner: Html;
  readonly hasMachines: boolean;
  /** Filters, in this order. */
  readonly counts: readonly StatusCount[];
  /** Style of what only this kind of run has. */
  readonly style: string;
  readonly hasVideos: boolean;
}

/**
 * One self-contained page that lists the specs of a run, in pieces to be written one after the other: no network, no other
 * file, a content security policy that allows its own program and style and nothing else. Memory is bounded by a few
 * specs, whatever the size of the run; the program is started before the data and shows them while they arrive; what is
 * beyond `limits` is left out, and the page says so.
 *
 * @param items - Failures first.
 */
export async function* renderSpecsPage<Item extends ListedItem>(
  page: SpecsPage,
  items: AsyncIterable<Item>,
  readMedia: ReadMedia<Item>,
  limits: PageLimits,
): AsyncGenerator<string, void> {
  const start = documentStart({
    title: `${statusTitle(page.status)}: cosmos run ${page.runId}`,
    style: baseStyle + specsStyle + (page.hasMachines ? panelStyle + machinesStyle : '') + page.style,
    skipTo: { id: 'results', text: 'Skip to the specs' },
    hasVideos: page.hasVideos,
  });
  yield html`${start}${page.banner}${renderToolbar(page.counts)}${renderKeys()}${startScript}`.markup;
  const omissions = yield* specChunks(items, readMedia, page.counts, limits);
  yield html`<div id="late-notices">${leftOut(omissions)}</div>\n${documentEnd}`.markup;
}

/** What is not in the page; its program moves the notice to the top. */
function leftOut({ items, failures, frames, clips }: Omissions): Html | null {
  if (items === 0 && failures === 0 && frames === 0 && clips === 0) return null;
  const areOf = (count: number, is: string, are: string) => (count === 1 ? is : are);
  const sentences = [
    items > 0 && `${counted(items, 'spec')} that did not fail ${areOf(items, 'is', 'are')} not listed here.`,
    failures > 0 &&
      `${counted(failures, 'spec')} that failed ${areOf(failures, 'is', 'are')} not listed here.`,
    items + failures > 0 &&
      html`Search and filters find what is listed; <code>cosmos show</code> finds any spec.`,
    frames > 0 &&
      `${counted(frames, 'spec')} of those listed ${areOf(frames, 'comes', 'come')} without frames.`,
    clips > 0 &&
      `${counted(clips, 'video')} ${areOf(clips, 'does', 'do')} not play here; ${areOf(clips, 'its link leads', 'their links lead')} to the whole video.`,
    (items > 0 || failures > 0 || frames > 0) &&
      html`Every spec is in <code>report.json</code> beside this page.`,
  ].filter((sentence) => sentence !== false);
  return notice(
    'Not everything is in this page',
    html`\n<p>${sentences.map((sentence) => html`${sentence} `)}</p>`,
  );
}
