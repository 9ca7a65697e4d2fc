import type { VideoReport } from '../../../core/video/video-report.ts';
import { counted, numeral } from '../../text/format.ts';
import { type Html, html } from '../html.ts';
import { badge, panel } from '../sections.ts';

const outcomes = {
  copy: { kind: 'upsampled', title: 'Copied' },
  convert: { kind: 'reused', title: 'Converted' },
  drop: { kind: 'pending', title: 'Left out' },
} as const;

/** What became of sound, subtitles and everything else, and what was verified. */
export function renderStreams(report: VideoReport): Html {
  return panel('streams', 'Sound, subtitles and the rest', html`${streamTable(report)}${verified(report)}`);
}

function streamTable({ streams, chapters }: VideoReport): Html {
  if (streams === null) return html`<p class="quiet">The source can no longer be read.</p>`;
  const kept = chapters ? html`<p>${counted(chapters, 'chapter')} kept.</p>` : null;
  if (streams.length === 0) return html`<p>The source has no other streams.</p>${kept}`;
  const rows = streams.map(({ index, type, codec, language, action, why }) => {
    const { kind, title } = outcomes[action];
    const reason =
      why === null
        ? null
        : html`<tr class="why"><td></td><td colspan="4"><small dir="auto">${why}</small></td></tr>`;
    return html`<tr><td>${index}</td><th scope="row">${type}</th><td><bdi>${codec}</bdi></td><td><bdi>${language ?? '—'}</bdi></td>
<td>${badge(kind, title)}</td></tr>${reason}`;
  });
  return html`<div class="scroll" role="region" aria-label="Streams" tabindex="0"><table>
<thead><tr><th scope="col">Nr</th><th scope="col">Kind</th><th scope="col">Codec</th><th scope="col">Language</th>
<th scope="col">In the output</th></tr></thead><tbody>${rows}</tbody></table></div>${kept}`;
}

function verified({ video }: VideoReport): Html | null {
  if (video === null) return null;
  const error = video.max_time_error_ms;
  const streams = video.copied_streams + video.converted_streams;
  const checks = [
    `${numeral(video.frames)} frames, as many as in the source`,
    error < 0.05
      ? 'every frame at the time it has in the source'
      : `every frame within ${error.toFixed(1)} ms of its time in the source`,
    `${video.duration_seconds.toFixed(2)} s long`,
    streams === 0 ? '' : `${counted(streams, 'other stream')} there`,
  ].filter((check) => check !== '');
  const items = checks.map((check) => html`<li>${check}</li>`);
  return html`<h3>Verified before the video got its name</h3><ul class="checks">${items}</ul>`;
}
