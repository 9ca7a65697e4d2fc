import { basename } from 'node:path';
import { formatSize } from '../../../core/hints/display-size.ts';
import type {
  PreviewCrop,
  PreviewMoment,
  PreviewVariant,
  UpscalePreview,
} from '../../../core/upscale/upscale-preview.ts';
import { counted, durationText, numeral, rateText, realtimeText } from '../../text/format.ts';
import { themeButton } from '../banner.ts';
import { documentEnd, documentStart, startScript } from '../document.ts';
import { base64, type Html, html } from '../html.ts';
import { bdi, facts, notice, panel } from '../sections.ts';
import { baseStyle, panelStyle } from '../style.ts';
import { clock } from './pictures.ts';
import { videoStyle } from './style.ts';

const previewStyle = `
.times .wide { width: 38%; min-width: 6rem; }
.times :is(td, th):nth-child(2), .times :is(td, th):nth-child(3) { text-align: end; }
.times svg { display: block; width: 100%; height: 10px; border-radius: 99px; background: var(--sunken); margin-top: .4rem; }
.times rect { fill: var(--accent); }
.times .why { color: var(--failed); white-space: normal; text-align: start; overflow-wrap: anywhere; }
.crops { display: grid; gap: 1.1rem; }
.crops-bar {
  position: sticky; top: 0; z-index: 2; display: flex; flex-wrap: wrap; align-items: center; gap: .5rem 1rem; background: var(--page);
  padding-block: .6rem; font-size: .93rem;
}
.crops-bar p { flex: 1 1 16rem; }
.moment { display: grid; gap: 1.3rem; }
.moment h2 { margin: 0; }
.moment h2 .quiet { font-weight: 400; font-size: .93rem; margin-left: .4rem; }
.overview { max-width: 22rem; }
.overview svg { display: block; width: 100%; height: auto; border-radius: 8px; background: var(--sunken); }
.overview rect { fill: none; stroke: #fff; stroke-width: 2; vector-effect: non-scaling-stroke; paint-order: stroke; }
.overview rect.edge { stroke: #000; stroke-width: 4; }
.overview text { fill: #fff; stroke: #000; stroke-width: 3px; paint-order: stroke; font: 700 26px system-ui, sans-serif; }
.crop h3 { margin: 0 0 .5rem; }
.crop h3 .quiet { font-weight: 400; margin-left: .3rem; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 12rem), 1fr)); gap: .8rem; align-items: start; }
.tile-view { overflow: hidden; border-radius: 8px; background: var(--sunken); outline: var(--frame-edge); outline-offset: -1px; }
.tile-view img { display: block; width: 100%; height: auto; }
.tile .source { image-rendering: pixelated; }
.tile figcaption { font-size: .88rem; font-weight: 620; margin-top: .35rem; overflow-wrap: anywhere; }
@media screen {
  .zoomed .tile-view { overflow: auto; cursor: grab; scrollbar-width: thin; }
  .zoomed .tile-view:active { cursor: grabbing; }
  .zoomed .tile-view img { width: calc(100% * var(--zoom, 1)); max-width: none; image-rendering: pixelated; }
}
@media (max-width: 40rem) {
  .tiles { grid-template-columns: repeat(auto-fit, minmax(8rem, 1fr)); gap: .7rem .5rem; }
  .times .wide { display: none; }
  .times td { white-space: normal; }
  .crops-bar p { flex-basis: 100%; }
}
@media print { .crops-bar { display: none; } .crop { break-inside: avoid; } }
`;

/**
 * One self-contained page that shows parts of some frames as they are and as each way of upscaling makes them, and how long that
 * would take; in pieces, because it holds many pictures.
 */
export function* renderUpscalePreview(preview: UpscalePreview): Generator<string, void> {
  const name = basename(preview.video);
  const start = documentStart({
    title: `Preview: ${name}`,
    style: baseStyle + panelStyle + videoStyle + previewStyle + shapes(preview),
    skipTo: { id: 'results', text: 'Skip to the pictures' },
  });
  yield html`${start}${banner(preview, name)}<main id="results" tabindex="-1">
${panel('times', 'Time for the whole video', times(preview))}
<div class="crops">
<div class="crops-bar live-only"><p class="quiet">The source is enlarged without smoothing. Zoom in to see single pixels; pictures of one place move together.</p>
<div class="zooms" role="group" aria-label="Zoom">${[1, 2, 4].map(zoomButton)}</div></div>
`.markup;
  for (const moment of preview.moments) {
    yield* renderMoment(moment, preview);
  }
  yield html`</div>${startScript}${documentEnd}`.markup;
}

/** Pictures of one place are of one shape, also where a pixel is no square, or its larger one was rounded. */
function shapes({ moments, source, pixelAspect }: UpscalePreview): string {
  const crop = moments[0]?.crops[0];
  if (!crop) return '';
  const [width, height] = shownSides(crop, source);
  const [across, down] = [crop.shown.width * width * pixelAspect, crop.shown.height * height];
  return `.tile :is(.tile-view, img) { aspect-ratio: ${across.toFixed(3)} / ${down.toFixed(3)}; object-fit: fill; }\n`;
}

/** Sides of the picture as shown, in pixels as stored: a fraction of it is so many of them, and from that follows how it is turned. */
function shownSides({ box, shown }: PreviewCrop, { width, height }: UpscalePreview['source']) {
  const isTurned = Math.abs(box.width / width - shown.width) > 1e-6;
  return isTurned ? ([height, width] as const) : ([width, height] as const);
}

function banner({ source, target, encoding, filters, ...preview }: UpscalePreview, name: string): Html {
  const notices = [
    ...preview.notices,
    ...(preview.isHdr
      ? ['The video is HDR: its pictures look flat here, because their colours are shown as they are stored.']
      : []),
  ];
  return html`<header class="banner">
<div class="brand-line"><p class="brand">cosmos <span>upscale preview</span></p>
${themeButton}</div>
<div class="title"><h1>${bdi(name)}</h1></div>
<p class="sentence">How it looks, how it would look, and about how long that would take on this machine. Nothing was upscaled but the pictures below.</p>
${facts('facts', {
  Video: `${formatSize(source)}, ${counted(preview.frames, 'frame')}, ${clock(preview.seconds)}`,
  'Would become': formatSize(target),
  Encoding: encoding,
  'Before that': filters,
})}
<div id="notices" class="notices">${notices.length === 0 ? null : notice('Before it begins', html`<ul>${notices.map((text) => html`<li dir="auto">${text}</li>`)}</ul>`)}</div>
</header>
`;
}

function times(preview: UpscalePreview): Html {
  const { variants, frames, encoding } = preview;
  const longest = Math.max(1, ...variants.map(({ wholeMs }) => wholeMs ?? 0));
  const rows = variants.map((variant) => timeRow(variant, preview, longest));
  const measured = variants.flatMap(({ pace }) => pace ?? []);
  const counts = measured.map((pace) => pace.frames);
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  const number = least === most ? counted(most, 'frame') : `${least} to ${counted(most, 'frame')}`;
  const isSummed = measured.some(({ by }) => by === 'sum');
  return html`<div class="scroll" role="region" aria-label="Times" tabindex="0"><table class="times"><thead><tr><th scope="col">With</th><th scope="col">Frames a second</th><th scope="col">All ${counted(frames, 'frame')}</th><th scope="col" class="wide"><span class="unseen">Drawn</span></th></tr></thead>
<tbody>${rows}</tbody></table></div>
<p class="quiet">These are estimates. On this machine ${number} were decoded, upscaled and encoded (${encoding}) with one engine process; what one took is
multiplied by the number of frames, and putting the video together is added.${
    isSummed
      ? ' Of a model that needs more than a second for a frame, the frames below were timed, and encoding was added.'
      : ''
  } Frames that repeat a picture, several processes and several machines make a run quicker; other work beside it makes it slower.</p>`;
}

function timeRow(
  { name, modelScale, pace, wholeMs, failure }: PreviewVariant,
  { frames, seconds, source, target }: UpscalePreview,
  longest: number,
): Html {
  const isOwnSize = modelScale === null || Math.abs(source.width * modelScale - target.width) <= 1;
  const own = isOwnSize ? null : html`<small>x${modelScale}, brought to size by Lanczos</small>`;
  const head = html`<th scope="row">${bdi(name)}${own}</th>`;
  if (pace === null || wholeMs === null)
    return html`<tr>${head}<td class="why" colspan="3" dir="auto">${failure ?? 'not measured'}</td></tr>`;
  const realtime = (seconds * 1000) / Math.max(1, wholeMs);
  const width = ((1000 * wholeMs) / longest).toFixed(1);
  return html`<tr>${head}<td>${rateText(1000 / pace.frameMs)}<small>${frames > 1 && realtime >= 0.005 ? `${realtimeText(realtime)} realtime` : ''}</small></td>
<td><b>about ${durationText(wholeMs)}</b></td><td class="wide"><svg viewBox="0 0 1000 10" preserveAspectRatio="none" aria-hidden="true"><rect width="${width}" height="10"/></svg></td></tr>`;
}

function zoomButton(factor: number): Html {
  return html`<button type="button" data-zoom="${factor}" aria-pressed="${String(factor === 1)}">${factor}×</button>`;
}

function* renderMoment(moment: PreviewMoment, preview: UpscalePreview): Generator<string, void> {
  const id = `moment-${moment.frame}`;
  yield html`<section class="panel moment" aria-labelledby="${id}">
<h2 id="${id}">At ${clock(moment.seconds)}<span class="quiet">frame ${numeral(moment.frame + 1)}</span></h2>
${overview(moment, preview)}
`.markup;
  for (const [index, crop] of moment.crops.entries()) yield renderCrop(crop, index, moment, preview).markup;
  yield html`</section>
`.markup;
}

/** The whole frame with its crops drawn in. */
function overview(
  { picture, crops, frame }: PreviewMoment,
  { source, pixelAspect }: UpscalePreview,
): Html | null {
  const first = crops[0];
  if (picture === null || !first) return null;
  const [width, height] = shownSides(first, source);
  const wide = 640;
  const high = Math.round((wide * height) / (width * pixelAspect));
  const boxes = crops.map(({ shown }, index) => {
    const [x, y] = [shown.x * wide, shown.y * high];
    const sides = html`x="${x.toFixed(1)}" y="${y.toFixed(1)}" width="${(shown.width * wide).toFixed(1)}" height="${(shown.height * high).toFixed(1)}" rx="3"`;
    return html`<rect class="edge" ${sides}/><rect ${sides}/><text x="${(x + 8).toFixed(1)}" y="${(y + 26).toFixed(1)}">${index + 1}</text>`;
  });
  return html`<figure class="overview"><svg viewBox="0 0 ${wide} ${high}" role="img" aria-label="Frame ${frame + 1} with the places of ${counted(crops.length, 'crop')}"><image href="data:image/jpeg;base64,${base64(picture)}" width="${wide}" height="${high}" preserveAspectRatio="none"/>${boxes}</svg></figure>`;
}

function renderCrop(crop: PreviewCrop, index: number, moment: PreviewMoment, preview: UpscalePreview): Html {
  const { box, source, larger } = crop;
  const where = `frame ${numeral(moment.frame + 1)}, crop ${index + 1}`;
  // Why a model has none stands beside its time.
  const tiles = preview.variants.flatMap(({ name }, at) => {
    const png = larger[at] ?? null;
    return png === null ? [] : [tile({ png, kind: 'larger', name, where })];
  });
  return html`<div class="crop"><h3>${index + 1}<span class="quiet">${box.width}x${box.height} pixels at ${box.x}, ${box.y}</span></h3>
<div class="tiles">${tile({ png: source, kind: 'source', name: 'Source', where })}${tiles}</div></div>
`;
}

interface Tile {
  readonly png: Uint8Array;
  readonly kind: 'source' | 'larger';
  readonly name: string;
  readonly where: string;
}

function tile({ png, kind, name, where }: Tile): Html {
  return html`<figure class="tile"><div class="tile-view"><img class="${kind}" alt="${name}: ${where}" src="data:image/png;base64,${base64(png)}"></div><figcaption>${bdi(name)}</figcaption></figure>
`;
}
