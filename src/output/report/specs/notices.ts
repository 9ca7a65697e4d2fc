import { attachCommand, resumeCommand } from '../../../core/run/run-commands.ts';
import type { RunEnding } from '../../../core/run/run-ending.ts';
import type { TokenDrift } from '../../../core/upsample/upsample-report.ts';
import { numeral } from '../../text/format.ts';
import type { ShownStatus } from '../banner.ts';
import { signedPercentText } from '../formats.ts';
import { type Html, html } from '../html.ts';
import { command, notice } from '../sections.ts';

export const embeddedEngine = html`describe <span class="quiet">(embedded, no model)</span>`;

/** Whether a run came to its end with nothing but failures, and not before it. */
export function allFailed(run: { readonly status: ShownStatus; readonly ending: RunEnding | null }): boolean {
  return run.status === 'failed' && run.ending?.code === 'tasks-failed';
}

interface Continuation {
  readonly status: ShownStatus;
  readonly run_id: string;
  readonly is_resumable: boolean;
}

/** How to continue a run that is not complete. */
export function howToContinue({
  status,
  run_id: runId,
  is_resumable: isResumable,
}: Continuation): Html | null {
  if (status === 'complete' || status === 'running') return null;
  const resume = command(resumeCommand(runId));
  if (status === 'detached') {
    const attach = command(attachCommand(runId));
    return continuation(
      'Watch the work on the host, or collect what is done and continue:',
      html`\n${attach}${resume}`,
    );
  }
  if (!isResumable)
    return continuation('Fix what failed and run the same command again: what is finished is reused.', null);
  if (status === 'partial') return continuation('Follow the next step of each failure, then run:', resume);
  return continuation('Nothing finished is lost. Run:', resume);
}

/** @param commands - What to type. */
export function continuation(sentence: string, commands: Html | null): Html {
  return notice('How to continue', html`<p>${sentence}</p>${commands}`);
}

/** An estimate of tokens that was far off, and what would help. */
export function tokenDriftNotice(drift: TokenDrift | null): Html | null {
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
