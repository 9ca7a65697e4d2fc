import { numeral } from '../../text/format.ts';
import { themeButton } from '../banner.ts';
import { type Html, html } from '../html.ts';
import { type StatusCount, statusTones } from './statuses.ts';

/** Search, filters and order, and the start of the list that the page's program fills. */
export function renderToolbar(counts: readonly StatusCount[]): Html {
  const total = counts.reduce((sum, [, count]) => sum + count, 0);
  return html`<div class="toolbar" role="search" aria-label="Specs">
<div class="toolbar-row">
<label class="search"><span class="unseen">Search name, path, prompt or failure code</span>
<input id="search" type="search" placeholder="Search name, path, prompt, code" autocomplete="off"
 spellcheck="false" aria-keyshortcuts="/" dir="auto" aria-describedby="count"><kbd aria-hidden="true">/</kbd></label>
<label class="sort"><span>Sort</span><select id="sort">
<option value="failures">Failures first</option>
<option value="name">Name</option>
<option value="drift">Token drift</option>
<option value="duration">Duration</option>
</select></label>
<button type="button" id="expand">Expand all</button>
${themeButton}
<button type="button" id="help" aria-keyshortcuts="?" aria-label="Keyboard shortcuts">?</button>
</div>
<div class="toolbar-row">
<div class="chips" role="group" aria-label="Show only">${counts.map(chip)}</div>
<p id="count" role="status">${numeral(total)} specs</p>
</div>
</div>
<main id="results" tabindex="-1">
<h2 class="unseen">Specs</h2>
<noscript><p class="notice">This list needs JavaScript to show prompts and frames. The failures are below;
everything is also in <code>report.json</code>.</p></noscript>
<div id="specs" role="feed" aria-label="Specs" aria-busy="true"></div>
<p id="empty" class="empty" hidden>No spec matches. <button type="button" id="clear">Show all specs</button></p>
`;
}

function chip([status, count]: StatusCount): Html {
  if (count <= 0) return html``;
  const { filter, tone } = statusTones[status];
  return html`<button type="button" class="chip ${tone}" data-status="${status}" aria-pressed="false">
<span class="mark" aria-hidden="true"></span><span>${filter}</span><b>${numeral(count)}</b></button>`;
}

const keys: readonly (readonly [keys: readonly string[], what: string])[] = [
  [['/'], 'Go to the search'],
  [['j', '↓'], 'Next spec'],
  [['k', '↑'], 'Previous spec'],
  [['Enter', 'o'], 'Open or close the spec'],
  [['e'], 'Open or close all'],
  [['Esc'], 'Clear the search, leave it, or close this'],
  [['?'], 'Show these keys'],
];

export function renderKeys(): Html {
  const rows = keys.map(
    ([names, what]) =>
      html`<div><dt>${names.map((name) => html`<kbd>${name}</kbd>`)}</dt><dd>${what}</dd></div>`,
  );
  return html`<dialog id="keys" aria-labelledby="keys-title"><h2 id="keys-title">Keyboard shortcuts</h2>
<dl>${rows}</dl><button type="button" id="close-keys">Close</button></dialog>
`;
}
