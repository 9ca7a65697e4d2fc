import type { ReportHeader } from '../../../core/upsample/upsample-report.ts';
import { type Html, html, trusted } from '../html.ts';
import { createFormats } from '../page/formats.ts';
import { renderNotices } from './notices.ts';
import { statusWords } from './status-words.ts';

const formats = createFormats();

/** The page's head for people: how the run ended, how to go on, and the facts that hold for all its specs. */
export function renderBanner(header: ReportHeader): Html {
  const words = statusWords(header.status);
  return html`<header class="banner">
<p class="brand">cosmos <span>upsampling report</span></p>
<div class="title">
<h1>${titleOf(header)}</h1>
<p class="run-status ${header.status}"><span class="mark" aria-hidden="true">${words.mark}</span>${words.title}</p>
</div>
<p class="sentence">${words.sentence} <span class="run-id">Run <code>${header.run_id}</code></span></p>
${countsBar(header)}
<dl class="facts">
${fact('Engine', engineOf(header))}
${header.engine === 'describe' ? trusted('') : fact('Model', html`<bdi>${header.model}</bdi>`)}
${fact('Host', html`<bdi>${header.host}</bdi>`)}
${fact('Duration', html`${formats.duration(header.duration_ms)}`)}
${fact('Started', time(header.started_at))}
${header.finished_at === null ? trusted('') : fact('Finished', time(header.finished_at))}
${fact('Specs from', html`<bdi>${header.input_root}</bdi>`)}
${fact('Results in', html`<bdi>${header.output_dir}</bdi>`)}
${fact('cosmos', html`${header.tool_version}`)}
</dl>
<div id="notices" class="notices">${renderNotices(header)}</div>
</header>
`;
}

function titleOf({ counts }: ReportHeader): string {
  const done = counts.upsampled + counts.reused;
  const wanted = counts.total - counts.skipped;
  const noun = wanted === 1 ? 'prompt' : 'prompts';
  if (done === wanted) return `${formats.count(done)} ${noun} upsampled`;
  return `${formats.count(done)} of ${formats.count(wanted)} ${noun} upsampled`;
}

function engineOf(header: ReportHeader): Html {
  if (header.engine === 'describe') return html`describe <span class="quiet">(embedded, no model)</span>`;
  return html`<bdi>${header.engine}</bdi>`;
}

/** How the specs divide, drawn; the same figures stand as text on the filters, so it is hidden from readers. */
function countsBar({ counts }: ReportHeader): Html {
  const parts = (['upsampled', 'reused', 'skipped', 'failed'] as const).filter((name) => counts[name] > 0);
  let left = 0;
  const bars = parts.map((name) => {
    const width = (counts[name] / Math.max(1, counts.total)) * 1000;
    const bar = html`<rect class="${name}" x="${left.toFixed(1)}" width="${width.toFixed(1)}" height="8"/>`;
    left += width;
    return bar;
  });
  return html`<svg class="counts-bar" viewBox="0 0 1000 8" preserveAspectRatio="none" aria-hidden="true">${bars}</svg>`;
}

function fact(term: string, value: Html): Html {
  return html`<div><dt>${term}</dt><dd>${value}</dd></div>`;
}

function time(iso: string): Html {
  return html`<time datetime="${iso}">${iso.slice(0, 16).replace('T', ' ')} UTC</time>`;
}
