import { familyNamed } from '../../../core/inference/families.ts';
import type { InferenceReportHeader } from '../../../core/inference/inference-report.ts';
import { resumeCommand } from '../../../core/run/run-commands.ts';
import { counted, durationText, numeral } from '../../text/format.ts';
import { renderBanner, type ShownStatus } from '../banner.ts';
import { type Html, html } from '../html.ts';
import { renderMachines } from '../machines.ts';
import { type BarPart, bdi, command, notice, time } from '../sections.ts';
import { allFailed, embeddedEngine, howToContinue, tokenDriftNotice } from '../specs/notices.ts';

const sentences: Readonly<Record<ShownStatus, string>> = {
  complete: 'Everything that was asked for is done.',
  partial: 'Some prompts or videos failed; all others are done.',
  detached: 'Work may still be running on the host.',
  paused: 'The prompts are enriched. No video is made until you continue.',
  failed: 'The run ended before it could finish.',
  unfinished: 'The run was stopped; what is done is kept.',
  running: 'The run is at work; what is done so far is below.',
};

const guardrailTexts = { on: 'On', off: 'Off', unknown: 'Unknown: the program is given other arguments' };

/** The head of the page of a run from prompts to videos. */
export function inferenceBanner(header: InferenceReportHeader): Html {
  const { stages, status } = header;
  const makesVideos = stages.includes('inference');
  return renderBanner({
    work: 'run',
    runId: header.run_id,
    status,
    sentence: allFailed(header) ? 'Every prompt or video failed.' : sentences[status],
    title: titleOf(header),
    outcomes: outcomesOf(header),
    facts: {
      Model: makesVideos ? familyNamed(header.family).title : null,
      Guardrails: makesVideos ? guardrailTexts[header.guardrails] : null,
      'Prompts by': engineOf(header),
      Host: bdi(header.host),
      Duration: durationText(header.duration_ms),
      Started: time(header.started_at),
      Finished: header.finished_at === null ? null : time(header.finished_at),
      'Specs from': bdi(header.input_root),
      'Enriched specs in': bdi(header.output_dir),
      'Videos in': makesVideos ? bdi(header.videos_dir) : null,
      cosmos: header.tool_version,
    },
    ending: header.ending,
    notices: html`${status === 'paused' ? review(header) : howToContinue(header)}${tokenDriftNotice(header.token_drift)}${renderMachines(header.machines)}`,
    hasThemeButton: false,
  });
}

function engineOf({ engine, model }: InferenceReportHeader): Html | null {
  if (engine === '') return null;
  return engine === 'describe' ? embeddedEngine : bdi(`${engine} ${model}`.trim());
}

function titleOf(header: InferenceReportHeader): string {
  const { prompts, ...videos } = header.counts;
  if (header.status === 'paused') return `${counted(prompts.upsampled + prompts.reused, 'prompt')} to read`;
  const isOfVideos = header.stages.includes('inference');
  const { total, skipped } = isOfVideos ? videos : prompts;
  const done = isOfVideos ? videos.made + videos.reused : prompts.upsampled + prompts.reused;
  const wanted = total - skipped;
  const what = isOfVideos ? `${counted(wanted, 'video')} made` : `${counted(wanted, 'prompt')} enriched`;
  return done === wanted ? what : `${numeral(done)} of ${what}`;
}

function outcomesOf({ counts: { prompts, ...videos }, stages }: InferenceReportHeader): BarPart[] {
  const { total, reused, skipped, failed, ...own } = stages.includes('inference') ? videos : prompts;
  const done = 'made' in own ? own.made : own.upsampled;
  return [
    { kind: 'upsampled', amount: done },
    { kind: 'reused', amount: reused },
    { kind: 'skipped', amount: skipped },
    { kind: 'failed', amount: failed },
    { kind: 'open', amount: total - done - reused - skipped - failed },
  ];
}

/** What a person is to do while the run waits for them. */
function review({ run_id: runId, output_dir: folder, counts }: InferenceReportHeader): Html {
  const open = counts.total - counts.made - counts.reused - counts.skipped - counts.failed;
  return notice(
    'How to continue',
    html`<p>Read the prompts below. To change one, edit it in <bdi>${folder}</bdi>: it is used as you
leave it there.</p>
<p>Then make ${counted(open, 'video')}; <code>--skip</code> leaves specs out, <code>--only</code> selects specs:</p>
${command(resumeCommand(runId))}`,
  );
}
