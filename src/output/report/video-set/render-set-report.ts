import { attachCommand, resumeCommand } from '../../../core/run/run-commands.ts';
import type { VideoSetReport, VideoSetRow } from '../../../core/video-set/set-summary.ts';
import { bytesText, counted, durationText, numeral, rateText } from '../../text/format.ts';
import { setEngineText } from '../../text/video/video-names.ts';
import { renderBanner, type ShownStatus, statusTitle } from '../banner.ts';
import { documentEnd, documentStart, startScript } from '../document.ts';
import { type Html, html } from '../html.ts';
import { badge, bdi, command, notice, panel, time } from '../sections.ts';
import { baseStyle, panelStyle } from '../style.ts';
import { videoStyle } from '../video/style.ts';

const sentences: Readonly<Record<ShownStatus, string>> = {
  complete: 'All videos are finished and were verified.',
  partial: 'Some videos failed; all others are done.',
  detached: 'Work may still be running on the host.',
  paused: 'The run is waiting.',
  failed: 'The run ended before all videos were finished.',
  unfinished: 'Not all videos are finished; what is done is kept.',
  running: 'The run is at work; what is done so far is below.',
};

const statuses = {
  finished: { kind: 'upsampled', title: 'Done' },
  skipped: { kind: 'reused', title: 'Skipped' },
  failed: { kind: 'failed', title: 'Failed' },
  open: { kind: 'pending', title: 'Not done' },
} as const;

/** Failed videos come first, then what is not done. */
const order = ['failed', 'open', 'finished', 'skipped'];

/**
 * One self-contained page about a run over several videos, in pieces to be written one after the other: a row for each video,
 * with a link to its own page where it has one.
 *
 * @param folder - Of the page, so that links from it are relative.
 */
export function* renderVideoSetReport(report: VideoSetReport, folder: string): Generator<string, void> {
  const start = documentStart({
    title: `${statusTitle(report.status)}: cosmos run ${report.run_id}`,
    style: baseStyle + panelStyle + videoStyle,
    skipTo: { id: 'results', text: 'Skip to the results' },
  });
  yield html`${start}${banner(report)}<main id="results" tabindex="-1">\n`.markup;
  yield* renderRows(report, folder);
  yield html`${ignoredPanel(report)}${startScript}${documentEnd}`.markup;
}

function banner(report: VideoSetReport): Html {
  const { counts, frames_per_second: rate } = report;
  const { videos, finished, skipped, failed } = counts;
  return renderBanner({
    ...{ work: 'upscaling', runId: report.run_id, status: report.status, ending: report.ending },
    sentence: sentences[report.status],
    title: `${numeral(finished)} of ${counted(videos, 'video')} upscaled`,
    outcomes: [
      { kind: 'upsampled', amount: finished },
      { kind: 'reused', amount: skipped },
      { kind: 'failed', amount: failed },
      { kind: 'open', amount: videos - finished - skipped - failed },
    ],
    facts: {
      Engine: bdi(setEngineText(report)),
      Host: bdi(report.host),
      Duration: durationText(report.duration_ms),
      Frames: numeral(counts.frames),
      Speed: rate === null ? null : rateText(rate),
      Started: time(report.started_at),
      From: bdi(report.inputs.join(', ')),
      To: bdi(report.output),
    },
    notices: html`${howToContinue(report)}${remarks(report)}`,
    hasThemeButton: true,
  });
}

function howToContinue({ status, run_id: runId, is_resumable: isResumable }: VideoSetReport): Html | null {
  if (status === 'complete' || status === 'running' || !isResumable) return null;
  const first =
    status === 'partial'
      ? 'Follow the next step of each failure, then run:'
      : 'Nothing finished is lost. Run:';
  return notice(
    'How to continue',
    html`<p>${first}</p>${command(status === 'detached' ? attachCommand(runId) : resumeCommand(runId))}`,
  );
}

function remarks({ notices }: VideoSetReport): Html | null {
  if (notices.length === 0) return null;
  const items = notices.map((text) => html`<li dir="auto">${text}</li>`);
  return notice('Good to know', html`<ul>${items}</ul>`, 'notice remark');
}

function* renderRows({ videos }: VideoSetReport, folder: string): Generator<string, void> {
  const sorted = [...videos].sort((one, other) => order.indexOf(one.status) - order.indexOf(other.status));
  yield html`<section class="panel" aria-labelledby="videos"><h2 id="videos">Videos</h2>
<div class="scroll" role="region" aria-label="Videos" tabindex="0"><table>
<thead><tr>${['Video', 'Outcome', 'Frames', 'Size', 'Bytes', 'Length'].map((head) => html`<th scope="col">${head}</th>`)}</tr></thead>
<tbody>`.markup;
  for (const row of sorted) yield renderRow(row, folder).markup;
  yield '</tbody></table></div></section>\n';
}

function renderRow(row: VideoSetRow, folder: string): Html {
  const { input, status, failure, frames, size, size_bytes: bytes, duration_seconds: seconds, report } = row;
  const { kind, title } = statuses[status];
  const name = report === null ? bdi(input) : html`<a href="${hrefOf(report, folder)}">${bdi(input)}</a>`;
  const why =
    failure === null
      ? null
      : html`<tr class="why"><td colspan="6"><small dir="auto"><code>${failure.code}</code> ${failure.message} <b>Next step</b> ${failure.next_step}</small></td></tr>`;
  const notices = row.notices.map(
    (text) => html`<tr class="why"><td colspan="6"><small dir="auto">${text}</small></td></tr>`,
  );
  return html`<tr><th scope="row">${name}</th><td>${badge(kind, title)}</td><td>${frames === null ? '—' : numeral(frames)}</td>
<td>${size === null ? '—' : `${size.width}×${size.height}`}</td><td>${bytes === null ? '—' : bytesText(bytes)}</td>
<td>${seconds === null ? '—' : durationText(seconds * 1000)}</td></tr>${why}${notices}\n`;
}

/** Pages of videos lie in the folder of the run. */
function hrefOf(path: string, folder: string): string {
  return path
    .slice(folder.length + 1)
    .split(/[\\/]/)
    .map(encodeURIComponent)
    .join('/');
}

function ignoredPanel({ ignored }: VideoSetReport): Html | null {
  if (ignored.length === 0) return null;
  const items = ignored.map((name) => html`<li dir="auto">${name}</li>`);
  return panel('ignored', 'Files that are neither videos nor pictures', html`<ul>${items}</ul>`);
}
