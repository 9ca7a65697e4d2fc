import type { SegmentReport, VideoReport } from '../../../core/video/video-report.ts';
import { counted, numeral, rateText } from '../../text/format.ts';
import { workTexts } from '../../text/video/video-names.ts';
import { preciseDurationText } from '../formats.ts';
import { type Html, html } from '../html.ts';
import { badge, panel } from '../sections.ts';

/** Segments that are listed; failed ones are listed beyond it too. */
const maxRows = 500;

/** With more than this the list is closed at first. */
const maxOpenRows = 12;

const statusText = {
  finished: { kind: 'upsampled', title: 'Done' },
  failed: { kind: 'failed', title: 'Failed' },
  pending: { kind: 'pending', title: 'Not done' },
} as const;

/** The runs of frames that were worked on one by one, each a checkpoint of its own. */
export function renderSegments({ kind, segments }: VideoReport): Html {
  const listed = segments.filter(({ status }, index) => index < maxRows || status === 'failed');
  const left = segments.length - listed.length;
  const more =
    left > 0
      ? html`<p class="quiet">${numeral(left)} more that did not fail are in <code>report.json</code> beside this page.</p>`
      : null;
  const isOpen = segments.length <= maxOpenRows ? html` open` : null;
  return panel(
    'segments',
    'Segments',
    html`<details${isOpen}><summary>${counted(segments.length, 'segment')}</summary>
<div class="scroll" role="region" aria-label="Segments" tabindex="0"><table class="segments">
<thead><tr>${headsOf(kind).map((head) => html`<th scope="col">${head}</th>`)}</tr></thead>
<tbody>${listed.map(segmentRow)}</tbody></table></div>${more}</details>`,
  );
}

function headsOf(kind: VideoReport['kind']): string[] {
  const stages = ['Decode', workTexts[kind].stage, 'Encode'];
  return ['Nr', 'Frames', 'Unique', 'Outcome', 'Time', 'Speed', ...stages, 'Batch'];
}

function segmentRow(segment: SegmentReport): Html {
  const { status, stages_ms: stages, attempts, failure } = segment;
  const { kind, title } = statusText[status];
  const code = failure === null ? null : html`<small><code>${failure.code}</code></small>`;
  const tries = attempts > 1 ? html` <span class="quiet">×${attempts}</span>` : null;
  return html`<tr><th scope="row">${segment.segment_id}</th>
<td>${numeral(segment.first_frame)}–${numeral(segment.last_frame)}</td>
<td>${numeral(segment.unique_frames)}</td>
<td>${badge(kind, title)}${tries}${code}</td>
<td>${msText(segment.duration_ms)}</td>
<td>${segment.frames_per_second === null ? '—' : rateText(segment.frames_per_second)}</td>
<td>${msText(stages?.decode)}</td><td>${msText(stages?.upscale)}</td><td>${msText(stages?.encode)}</td>
<td>${batchText(segment)}</td></tr>`;
}

function msText(ms: number | null | undefined): string {
  return ms === null || ms === undefined ? '—' : preciseDurationText(ms);
}

function batchText({ batch_size: batchSize, tile }: SegmentReport): string {
  if (batchSize === null) return '—';
  return tile === null || tile === 0 ? String(batchSize) : `${batchSize}, ${tile} px`;
}
