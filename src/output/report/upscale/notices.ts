import type { SegmentReport, UpscaleReport } from '../../../core/upscale/upscale-report.ts';
import { shellWord } from '../../text/format.ts';
import { resumeUpscaleCommand } from '../../text/upscale/summary-text.ts';
import { type Html, html } from '../html.ts';
import { createFormats } from '../page/formats.ts';
import { command, notice } from './pieces.ts';

const formats = createFormats();

/** Failed segments that are told at the top; the table of segments and `report.json` have all. */
const maxFailures = 20;

/** What a reader should do or know first: how to go on, what failed, and what was said before the work began. */
export function renderNotices(report: UpscaleReport): Html {
  return html`${goOn(report)}${failures(report)}${remarks(report)}`;
}

function goOn({ status, run_id: runId, is_resumable: isResumable }: UpscaleReport): Html | null {
  if (status === 'complete' || !isResumable) return null;
  const isDetached = status === 'detached';
  const first = {
    partial: 'Follow the next step of each failure, then run:',
    detached: 'Bring home what is done, wait for the rest and finish the video:',
    failed: 'Nothing finished is lost. Run:',
    unfinished: 'Nothing finished is lost. Run:',
  }[status];
  return notice(
    'How to go on',
    html`<p>${first}</p>${command(isDetached ? `cosmos attach ${shellWord(runId)}` : resumeUpscaleCommand(shellWord(runId)))}`,
  );
}

function failures({ segments }: UpscaleReport): Html | null {
  const failed = segments.filter(({ failure }) => failure !== null);
  if (failed.length === 0) return null;
  const more = failed.length - maxFailures;
  const rest =
    more > 0
      ? html`<p class="quiet">${formats.count(more)} more are in the table of segments and in <code>report.json</code>.</p>`
      : null;
  const title = failed.length === 1 ? '1 segment failed' : `${formats.count(failed.length)} segments failed`;
  const rows = failed.slice(0, maxFailures).map(failureRow);
  return notice(title, html`<ul class="failures">${rows}</ul>${rest}`, 'notice failure-notice');
}

function failureRow({ first_frame: first, last_frame: last, attempts, failure }: SegmentReport): Html {
  if (failure === null) return html``;
  const tries = attempts > 1 ? ` after ${formats.count(attempts)} attempts` : '';
  return html`<li><p><code>${failure.code}</code> Frames ${formats.count(first)}–${formats.count(last)}${tries}:
<span dir="auto">${failure.message}</span></p>
<p class="quiet"><b>Next step</b> <span dir="auto">${failure.next_step}</span></p></li>`;
}

function remarks({ notices }: UpscaleReport): Html | null {
  if (notices.length === 0) return null;
  const items = notices.map((text) => html`<li dir="auto">${text}</li>`);
  return notice('Good to know', html`<ul>${items}</ul>`, 'notice remark');
}
