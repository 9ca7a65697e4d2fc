import type { VideoReport } from '../../../core/video/video-report.ts';
import { numeral } from '../../text/format.ts';
import { workTexts } from '../../text/video/video-names.ts';
import { type Html, html } from '../html.ts';
import { panel } from '../sections.ts';

/** Height of the drawing of duplicates, in its own units. */
const drawnHeight = 40;

/** Frames that show the picture before them: how many, where, and which are held longest. */
export function renderDuplicates(report: VideoReport): Html {
  return panel('duplicates', 'Duplicates', contentOf(report));
}

function contentOf({ kind, counts, duplicates, settings: { dedupe } }: VideoReport): Html {
  if (dedupe === 'off') return html`<p>Not searched for (<code>--dedupe off</code>).</p>`;
  if (counts.duplicates === 0)
    return html`<p>None found (<code>--dedupe ${dedupe}</code>): each of ${numeral(counts.frames)} frames was to be
${workTexts[kind].done}.</p>`;
  return html`<p><strong>${numeral(counts.duplicates)}</strong> of ${numeral(counts.frames)} frames
(${duplicates.percent.toFixed(1)} %) show the picture before them and need no ${workTexts[kind].work} of their own
(<code>--dedupe ${dedupe}</code>).</p>
${drawn(duplicates.shares)}
${longest(duplicates.longest)}`;
}

function drawn(shares: readonly number[]): Html | null {
  if (shares.length === 0) return null;
  const bars = shares.map((share, index) => {
    const height = share * drawnHeight;
    const top = drawnHeight - height;
    return html`<rect x="${index}" y="${top.toFixed(1)}" width="0.85" height="${height.toFixed(1)}"/>`;
  });
  return html`<figure class="shares"><svg viewBox="0 0 ${shares.length} ${drawnHeight}" preserveAspectRatio="none" role="img" aria-label="Share of duplicates from the video's beginning to its end">${bars}</svg>
<figcaption><span>Beginning</span><span>share of duplicates, up to 100 %</span><span>End</span></figcaption></figure>`;
}

function longest(held: VideoReport['duplicates']['longest']): Html | null {
  if (held.length === 0) return null;
  const items = held.map(
    ({ frame, frames, seconds }) => html`<li>Frame ${numeral(frame)} is shown for
${numeral(frames)} frames <span class="quiet">(${seconds.toFixed(2)} s)</span></li>`,
  );
  return html`<h3>Held longest</h3><ul class="held">${items}</ul>`;
}
