import type { ReportHeader } from '../../../core/upsample/upsample-report.ts';
import { type Html, html } from '../html.ts';
import { createFormats } from '../page/formats.ts';

const formats = createFormats();

/** What a reader should do or know before the specs: how to go on, and an estimate that was far off. */
export function renderNotices(header: ReportHeader): Html {
  return html`${goOn(header)}${drift(header)}`;
}

function goOn({ status, run_id, is_resumable }: ReportHeader): Html | null {
  if (status === 'complete') return null;
  const resume = command(`cosmos batch-upsample --resume ${shellWord(run_id)}`);
  if (status === 'detached') {
    const attach = command(`cosmos attach ${shellWord(run_id)}`);
    return notice(
      'How to go on',
      html`<p>Watch the work on the host, or collect what is done and continue:</p>
${attach}${resume}`,
    );
  }
  if (!is_resumable) {
    return notice(
      'How to go on',
      html`<p>Correct what failed and run the same command again: what is finished is reused.</p>`,
    );
  }
  const first =
    status === 'partial'
      ? 'Follow the next step of each failure, then run:'
      : 'Nothing finished is lost. Run:';
  return notice('How to go on', html`<p>${first}</p>${resume}`);
}

function drift({ token_drift }: ReportHeader): Html | null {
  if (token_drift === null || !(token_drift.is_notable || token_drift.is_vision_missing)) return null;
  const { estimator, prompts, predicted, actual, drift_percent } = token_drift;
  if (token_drift.is_vision_missing) {
    return notice(
      'The model probably did not see the frames',
      html`<p>Over ${formats.count(prompts)} answered prompts the engine counted ${formats.count(actual)} prompt
tokens, no more than the text alone has. Check that the model takes images before you trust these prompts.</p>`,
    );
  }
  const figures = html`Over ${formats.count(prompts)} answered prompts, <code>${estimator}</code> predicted
${formats.count(predicted)} prompt tokens; the engine counted ${formats.count(actual)}
(<strong>${formats.percent(drift_percent)}</strong>).`;
  if (estimator === 'linear' && drift_percent > 0) {
    return remark(
      'The token estimate is on the safe side',
      html`<p>${figures} <code>linear</code> is high on purpose, so that a prompt fits whatever the model.
<code>--estimator pixtral</code> or <code>--estimator qwen2.5-vl</code> would allow larger hints if that is your
model.</p>`,
    );
  }
  return notice(
    'The token estimate was off',
    html`<p>${figures} An exact estimator for the model, such as
<code>--estimator pixtral</code> or <code>--estimator qwen2.5-vl</code>, may fit better.</p>`,
  );
}

/** Something to know that asks for nothing. */
function remark(title: string, content: Html): Html {
  return html`<section class="notice remark"><h2>${title}</h2>${content}</section>`;
}

function notice(title: string, content: Html): Html {
  return html`<section class="notice"><h2>${title}</h2>${content}</section>`;
}

function command(text: string): Html {
  return html`<p class="command"><code>${text}</code><button type="button" data-copy="${text}">Copy</button></p>`;
}

/** A word as a shell takes it; run ids need no quotes, a damaged one must not become a second command. */
function shellWord(word: string): string {
  return /^[\w.:@/-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
