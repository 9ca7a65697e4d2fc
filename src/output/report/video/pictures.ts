import type { ComparedFrame, VideoReport } from '../../../core/video/video-report.ts';
import { numeral } from '../../text/format.ts';
import { workTexts } from '../../text/video/video-names.ts';
import { base64, type Html, html } from '../html.ts';

/** Some frames before and after, in pieces, because each holds two pictures. Without pictures, nothing. */
export function* renderPictures(
  report: VideoReport,
  pictures: readonly ComparedFrame[],
): Generator<Html, void> {
  if (pictures.length === 0) return;
  const isEnlarged = report.target.width > report.source.width;
  yield html`<section class="panel pairs" aria-labelledby="pictures">
<h2 id="pictures">Before and after</h2>
<p class="quiet lead">Left of the line is the source${isEnlarged ? ', enlarged by your browser' : ''}; right of it the same frame, ${workTexts[report.kind].done}.
<span class="live-only">Move the line with the slider, the arrow keys, or on the picture itself.</span></p>
<div class="pairs-controls live-only"><div class="picker" role="group" aria-label="Frame"></div>
<div class="zooms" role="group" aria-label="Zoom">${[1, 2, 4].map(zoomButton)}</div></div>
`;
  for (const picture of pictures) {
    yield renderPair(report, picture, null);
    if (picture.closeUp) yield renderPair(report, { ...picture, ...picture.closeUp }, ', close up');
  }
  yield html`</section>
`;
}

function zoomButton(factor: number): Html {
  return html`<button type="button" data-zoom="${factor}" aria-pressed="${String(factor === 1)}">${factor}×</button>`;
}

function renderPair(
  { kind, source, target }: VideoReport,
  picture: ComparedFrame,
  part: string | null,
): Html {
  const number = numeral(picture.frame);
  return html`<figure class="pair">
<div class="view"><div class="stage">
<img class="after" alt="Frame ${number} ${workTexts[kind].done} to ${target.width} by ${target.height}" src="${jpegUrl(picture.after)}">
<img class="before" alt="Frame ${number} of the source, ${source.width} by ${source.height}" src="${jpegUrl(picture.before)}">
<span class="divider" aria-hidden="true"></span>
</div></div>
<input class="live-only" type="range" min="0" max="100" step="any" value="50" aria-label="Line between before and after, frame ${number}">
<figcaption><span>Before <span class="quiet">${source.width} × ${source.height}</span></span>
<span class="pair-name">Frame ${number} at <span class="pair-time">${clock(picture.seconds)}${part}</span></span>
<span>After <span class="quiet">${target.width} × ${target.height}</span></span></figcaption>
</figure>
`;
}

function jpegUrl(bytes: Uint8Array): string {
  return `data:image/jpeg;base64,${base64(bytes)}`;
}

/** `0:05.2`, `1:02:33.0` */
export function clock(seconds: number): string {
  const tenths = Math.max(0, Math.round(seconds * 10));
  const [hours, minutes] = [Math.floor(tenths / 36_000), Math.floor(tenths / 600) % 60];
  const rest = ((tenths % 600) / 10).toFixed(1).padStart(4, '0');
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, '0')}:${rest}` : `${minutes}:${rest}`;
}
