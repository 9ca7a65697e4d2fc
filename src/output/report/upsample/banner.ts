import { shellQuoted } from '../../../core/run/shell-quoted.ts';
import type { ReportHeader } from '../../../core/upsample/upsample-report.ts';
import { counted, numeral } from '../../text/format.ts';
import { renderBanner, type ShownStatus } from '../banner.ts';
import { preciseDurationText, signedPercentText } from '../formats.ts';
import { type Html, html } from '../html.ts';
import { bdi, command, notice, time } from '../sections.ts';

const sentences: Readonly<Record<ShownStatus, string>> = {
  complete: 'Everything that was asked for is done.',
  partial: 'Some specs failed; all others are done.',
  detached: 'Work may still be running on the host.',
  paused: 'The prompts are enriched and can be read and edited.',
  failed: 'The run ended before it could finish.',
  unfinished: 'The run was stopped; what is done is kept.',
};

export function upsampleBanner(header: ReportHeader): Html {
  const { counts, engine } = header;
  const done = counts.upsampled + counts.reused + counts.skipped + counts.failed;
  return renderBanner({
    work: 'upsampling',
    runId: header.run_id,
    status: header.status,
    sentence: sentences[header.status],
    title: titleOf(header),
    outcomes: [
      { kind: 'upsampled', amount: counts.upsampled },
      { kind: 'reused', amount: counts.reused },
      { kind: 'skipped', amount: counts.skipped },
      { kind: 'failed', amount: counts.failed },
      { kind: 'open', amount: counts.total - done },
    ],
    facts: {
      Engine: engine === 'describe' ? embeddedEngine : bdi(engine),
      Model: engine === 'describe' ? null : bdi(header.model),
      Host: bdi(header.host),
      Duration: preciseDurationText(header.duration_ms),
      Started: time(header.started_at),
      Finished: header.finished_at === null ? null : time(header.finished_at),
      'Specs from': bdi(header.input_root),
      'Results in': bdi(header.output_dir),
      cosmos: header.tool_version,
    },
    notices: html`${howToGoOn(header)}${tokenDrift(header)}`,
    hasThemeButton: false,
  });
}

const embeddedEngine = html`describe <span class="quiet">(embedded, no model)</span>`;

function titleOf({ counts }: ReportHeader): string {
  const done = counts.upsampled + counts.reused;
  const wanted = counts.total - counts.skipped;
  const prompts = `${counted(wanted, 'prompt')} upsampled`;
  return done === wanted ? prompts : `${numeral(done)} of ${prompts}`;
}

function howToGoOn({ status, run_id: runId, is_resumable: isResumable }: ReportHeader): Html | null {
  if (status === 'complete') return null;
  const resume = command(`cosmos batch-upsample --resume ${shellQuoted(runId)}`);
  if (status === 'detached') {
    const attach = command(`cosmos attach ${shellQuoted(runId)}`);
    return goOn(
      'Watch the work on the host, or collect what is done and continue:',
      html`\n${attach}${resume}`,
    );
  }
  if (!isResumable)
    return goOn('Correct what failed and run the same command again: what is finished is reused.', null);
  if (status === 'partial') return goOn('Follow the next step of each failure, then run:', resume);
  return goOn('Nothing finished is lost. Run:', resume);
}

function goOn(sentence: string, commands: Html | null): Html {
  return notice('How to go on', html`<p>${sentence}</p>${commands}`);
}

/** An estimate of tokens that was far off, and what would help. */
function tokenDrift({ token_drift: drift }: ReportHeader): Html | null {
  if (drift === null || !(drift.is_notable || drift.is_vision_missing)) return null;
  const { estimator, prompts, predicted, actual, drift_percent: percent } = drift;
  if (drift.is_vision_missing) {
    return notice(
      'The model probably did not see the frames',
      html`<p>Over ${numeral(prompts)} answered prompts the engine counted ${numeral(actual)} prompt
tokens, no more than the text alone has. Check that the model takes images before you trust these prompts.</p>`,
    );
  }
  const figures = html`Over ${numeral(prompts)} answered prompts, <code>${estimator}</code> predicted
${numeral(predicted)} prompt tokens; the engine counted ${numeral(actual)}
(<strong>${signedPercentText(percent)}</strong>).`;
  if (estimator === 'linear' && percent > 0) {
    return notice(
      'The token estimate is on the safe side',
      html`<p>${figures} <code>linear</code> is high on purpose, so that a prompt fits whatever the model.
<code>--estimator pixtral</code> or <code>--estimator qwen2.5-vl</code> would allow larger hints if that is your
model.</p>`,
      'notice remark',
    );
  }
  return notice(
    'The token estimate was off',
    html`<p>${figures} An exact estimator for the model, such as
<code>--estimator pixtral</code> or <code>--estimator qwen2.5-vl</code>, may fit better.</p>`,
  );
}
