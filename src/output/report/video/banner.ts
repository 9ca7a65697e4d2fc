import { attachCommand, resumeCommand } from '../../../core/run/run-commands.ts';
import type { SegmentReport, VideoReport } from '../../../core/video/video-report.ts';
import { counted, durationText, numeral, rateText } from '../../text/format.ts';
import { upscaleEngineText, workTexts } from '../../text/video/video-names.ts';
import { renderBanner, type ShownStatus } from '../banner.ts';
import { type Html, html } from '../html.ts';
import { type BarPart, bdi, command, notice, time } from '../sections.ts';

/** Failed segments that are listed at the top; the table of segments and `report.json` have all. */
const maxFailures = 20;

const sentences: Readonly<Record<ShownStatus, string>> = {
  complete: 'The video is finished and was verified.',
  partial: 'Some segments failed; all others are done.',
  detached: 'Work may still be running on the host.',
  paused: 'The run is waiting.',
  failed: 'The run ended before the video was finished.',
  unfinished: 'The video is not finished; what is done is kept.',
  running: 'The run is at work; what is done so far is below.',
};

export function videoBanner(report: VideoReport): Html {
  const { settings, frames_per_second: rate } = report;
  const engine = { ...report, ...settings, isWorkerCountOpen: settings.is_worker_count_open };
  return renderBanner({
    work: workTexts[report.kind].work,
    runId: report.run_id,
    status: report.status,
    sentence: sentences[report.status],
    title: titleOf(report),
    outcomes: outcomesOf(report.segments),
    facts: {
      Engine: bdi(upscaleEngineText(engine)),
      Host: bdi(report.host),
      Duration: durationText(report.time_ms.total),
      Speed: rate === null ? null : rateText(rate),
      Started: time(report.started_at),
      Finished: report.finished_at === null ? null : time(report.finished_at),
      From: bdi(report.input),
      To: bdi(report.output),
    },
    ending: report.ending,
    notices: html`${howToContinue(report)}${failures(report)}${remarks(report)}`,
    hasThemeButton: true,
  });
}

function titleOf({ kind, counts, finished_frames: finished, target, status }: VideoReport): string {
  const size = kind === 'upscale' ? ` to ${target.width}\u00a0×\u00a0${target.height}` : '';
  const frames = `${counted(counts.frames, 'frame')} ${workTexts[kind].done}${size}`;
  return status === 'complete' ? frames : `${numeral(finished)} of ${frames}`;
}

const outcomeKinds = { finished: 'upsampled', failed: 'failed', pending: 'open' } as const;

/** Segments from left to right as in the video; neighbours with the same outcome are one part. */
function outcomesOf(segments: readonly SegmentReport[]): BarPart[] {
  const parts: { kind: string; amount: number }[] = [];
  for (const { status, first_frame: first, last_frame: last } of segments) {
    const kind = outcomeKinds[status];
    const previous = parts.at(-1);
    if (previous?.kind === kind) previous.amount += last - first + 1;
    else parts.push({ kind, amount: last - first + 1 });
  }
  return parts;
}

function howToContinue({ status, run_id: runId, is_resumable: isResumable }: VideoReport): Html | null {
  if (status === 'complete' || status === 'running' || !isResumable) return null;
  const first = {
    partial: 'Follow the next step of each failure, then run:',
    detached: 'Download what is done, wait for the rest and finish the video:',
    paused: 'It waits. Run:',
    failed: 'Nothing finished is lost. Run:',
    unfinished: 'Nothing finished is lost. Run:',
  }[status];
  const next = command(status === 'detached' ? attachCommand(runId) : resumeCommand(runId));
  return notice('How to continue', html`<p>${first}</p>${next}`);
}

function failures({ segments }: VideoReport): Html | null {
  const failed = segments.filter(({ failure }) => failure !== null);
  if (failed.length === 0) return null;
  const more = failed.length - maxFailures;
  const rest =
    more > 0
      ? html`<p class="quiet">${numeral(more)} more are in the table of segments and in <code>report.json</code>.</p>`
      : null;
  const rows = failed.slice(0, maxFailures).map(failureRow);
  const list = html`<ul class="failures">${rows}</ul>${rest}`;
  return notice(`${counted(failed.length, 'segment')} failed`, list, 'notice failure-notice');
}

function failureRow({ first_frame: first, last_frame: last, attempts, failure }: SegmentReport): Html {
  if (failure === null) return html``;
  const tries = attempts > 1 ? ` after ${numeral(attempts)} attempts` : '';
  return html`<li><p><code>${failure.code}</code> Frames ${numeral(first)}–${numeral(last)}${tries}:
<span dir="auto">${failure.message}</span></p>
<p class="quiet"><b>Next step</b> <span dir="auto">${failure.next_step}</span></p></li>`;
}

function remarks({ notices }: VideoReport): Html | null {
  if (notices.length === 0) return null;
  const items = notices.map((text) => html`<li dir="auto">${text}</li>`);
  return notice('Good to know', html`<ul>${items}</ul>`, 'notice remark');
}
