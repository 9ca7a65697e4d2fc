import type { Size } from '../../../core/hints/display-size.ts';
import {
  type ContactSheet,
  type RegionPlan,
  regionText,
  type ShownRegion,
} from '../../../core/regions/region-plan.ts';
import type { VideoReport } from '../../../core/video/video-report.ts';
import { counted, numeral } from '../../text/format.ts';
import { documentEnd, documentStart, startScript } from '../document.ts';
import { base64, type Html, html } from '../html.ts';
import { panel } from '../sections.ts';
import { baseStyle, panelStyle } from '../style.ts';
import { videoStyle } from './style.ts';

/** Regions that are listed; `report.json` and plans have all. */
const maxListed = 200;
/** Rows of the drawing; regions of one moment that do not fit are left out of it. */
const maxRows = 12;
const rowHeight = 10;
const drawnWidth = 1000;

/** Where and when the video was changed: nothing for a video whose whole frames were. */
export function renderRegions({ regions, counts, source }: VideoReport): Html | null {
  if (!regions) return null;
  const facts = html`<p><strong>${numeral(regions.frames)}</strong> of ${numeral(counts.frames)} frames were touched, in
${counted(regions.total, 'region')}. Outside of them and their soft edge <strong>0</strong> pixels changed: the worker compares every frame
with its source before it is encoded, and stops if anything else changed.</p>`;
  const listed = regions.listed.map((region) => ({
    ...{ firstFrame: region.first_frame, lastFrame: region.last_frame },
    ...{ seconds: region.seconds, box: region.box },
  }));
  const size = { width: source.width, height: source.height };
  return panel(
    'regions',
    'Regions',
    html`${facts}${timeline(listed, counts.frames)}${table(listed, regions.total, size)}`,
  );
}

/** Regions over the time of the video, those of one moment below each other. */
function timeline(regions: readonly ShownRegion[], frames: number): Html {
  const ends: number[] = [];
  const bars = regions.flatMap(({ firstFrame, lastFrame }) => {
    const free = ends.findIndex((end) => end < firstFrame);
    const row = free < 0 ? ends.length : free;
    if (row >= maxRows) return [];
    ends[row] = lastFrame;
    const x = ((firstFrame - 1) / frames) * drawnWidth;
    const width = Math.max(1, ((lastFrame - firstFrame + 1) / frames) * drawnWidth);
    return [
      html`<rect x="${x.toFixed(1)}" y="${row * rowHeight + 1}" width="${width.toFixed(1)}" height="${rowHeight - 2}" rx="1"/>`,
    ];
  });
  const height = rowHeight * Math.max(1, ends.length);
  return html`<figure class="shares spans"><svg viewBox="0 0 ${drawnWidth} ${height}" preserveAspectRatio="none" role="img" aria-label="When each region is there, from the video's beginning to its end">${bars}</svg>
<figcaption><span>Beginning</span><span>a bar for each region</span><span>End</span></figcaption></figure>`;
}

function table(regions: readonly ShownRegion[], total: number, size: Size): Html {
  const rows = regions.slice(0, maxListed).map(
    (region) => html`<tr><td>${numeral(region.firstFrame)}–${numeral(region.lastFrame)}</td>
<td>${secondsText(region)}</td><td><code>${regionText(region, size)}</code></td></tr>`,
  );
  const left = total - rows.length;
  const more = left > 0 ? html`<p class="quiet">${numeral(left)} more are not listed.</p>` : null;
  return html`<details><summary>${counted(total, 'region')}</summary>
<div class="scroll" role="region" aria-label="Regions" tabindex="0"><table class="segments"><thead><tr><th scope="col">Frames</th><th scope="col">Seconds</th><th scope="col">As --region takes it</th></tr></thead>
<tbody>${rows}</tbody></table></div>${more}</details>`;
}

function secondsText({ seconds: [from, to] }: ShownRegion): string {
  return `${from.toFixed(2)}–${to.toFixed(2)}`;
}

/** A self-contained page with a picture for each region of a plan, in pieces. */
export function* renderContactSheet(
  { video, regions: all, width, height }: RegionPlan,
  { regions, frames, pictures }: ContactSheet,
): Generator<string, void> {
  const start = documentStart({
    title: `Regions of ${video}`,
    style: baseStyle + panelStyle + videoStyle,
    skipTo: { id: 'results', text: 'Skip to the regions' },
  });
  const when = panel('regions', `${counted(all.length, 'region')} of ${video}`, timeline(regions, frames));
  yield html`${start}<main id="results" class="alone" tabindex="-1">${when}<div class="sheet">`.markup;
  for (const picture of pictures) {
    const boxes = picture.regions.map(
      ({ box }) =>
        html`<rect x="${(box.x * width).toFixed(1)}" y="${(box.y * height).toFixed(1)}" width="${(box.width * width).toFixed(1)}" height="${(box.height * height).toFixed(1)}"/>`,
    );
    yield html`<figure><svg viewBox="0 0 ${width} ${height}" role="img" aria-label="Frame ${picture.frame} with its regions"><image href="data:image/jpeg;base64,${base64(picture.jpeg)}" width="${width}" height="${height}" preserveAspectRatio="none"/>${boxes}</svg>
<figcaption>Frame ${numeral(picture.frame)} at ${picture.seconds.toFixed(2)} s${picture.regions.map((region) => html`<br><code>${regionText(region, { width, height })}</code>`)}</figcaption></figure>
`.markup;
  }
  yield html`</div>${startScript}${documentEnd}`.markup;
}
