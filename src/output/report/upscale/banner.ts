import type { SegmentReport, UpscaleReport } from '../../../core/upscale/upscale-report.ts';
import { rateText } from '../../progress/upscale-words.ts';
import { engineText } from '../../text/upscale/upscale-names.ts';
import { type Html, html } from '../html.ts';
import { createFormats } from '../page/formats.ts';
import { renderNotices } from './notices.ts';
import { type BarPart, fact, partsBar } from './pieces.ts';
import { statusWords } from './status-words.ts';

const formats = createFormats();

/** The page's head for people: how the run ended, how to go on, and the facts that hold for all of it. */
export function renderBanner(report: UpscaleReport): Html {
  const words = statusWords(report.status);
  const { settings } = report;
  const engine = { ...report, ...settings, isWorkerCountOpen: settings.is_worker_count_open };
  return html`<header class="banner">
<div class="brand-line"><p class="brand">cosmos <span>upscaling report</span></p>
<button type="button" id="theme" aria-label="Theme: auto">◐ Auto</button></div>
<div class="title">
<h1>${titleOf(report)}</h1>
<p class="run-status ${report.status}"><span class="mark" aria-hidden="true">${words.mark}</span>${words.title}</p>
</div>
<p class="sentence">${words.sentence} <span class="run-id">Run <code>${report.run_id}</code></span></p>
${partsBar(segmentParts(report.segments), 'counts-bar')}
<dl class="facts">
${fact('Engine', html`<bdi>${engineText(engine)}</bdi>`)}
${fact('Host', html`<bdi>${report.host}</bdi>`)}
${fact('Time', html`${formats.duration(report.time_ms.total)}`)}
${report.frames_per_second === null ? null : fact('Speed', html`${rateText(report.frames_per_second)}`)}
${fact('Began', time(report.started_at))}
${report.finished_at === null ? null : fact('Finished', time(report.finished_at))}
${fact('From', html`<bdi>${report.input}</bdi>`)}
${fact('To', html`<bdi>${report.output}</bdi>`)}
</dl>
<div class="notices">${renderNotices(report)}</div>
</header>
`;
}

function titleOf(report: UpscaleReport): Html {
  const { counts, finished_frames: finished, target, status } = report;
  const size = html`${target.width}\u00a0×\u00a0${target.height}`;
  const noun = counts.frames === 1 ? 'frame' : 'frames';
  if (status === 'complete') return html`${formats.count(counts.frames)} ${noun} upscaled to ${size}`;
  return html`${formats.count(finished)} of ${formats.count(counts.frames)} ${noun} upscaled to ${size}`;
}

const barKinds = { finished: 'upsampled', failed: 'failed', pending: 'open' } as const;

/** Segments from left to right as in the video; neighbours with the same outcome are one part. */
function segmentParts(segments: readonly SegmentReport[]): BarPart[] {
  const parts: { kind: string; amount: number }[] = [];
  for (const { status, first_frame: first, last_frame: last } of segments) {
    const kind = barKinds[status];
    const previous = parts.at(-1);
    if (previous?.kind === kind) previous.amount += last - first + 1;
    else parts.push({ kind, amount: last - first + 1 });
  }
  return parts;
}

function time(iso: string): Html {
  return html`<time datetime="${iso}">${iso.slice(0, 16).replace('T', ' ')} UTC</time>`;
}
