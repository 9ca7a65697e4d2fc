import { type Html, html } from '../html.ts';

const keys: readonly (readonly [keys: readonly string[], what: string])[] = [
  [['/'], 'Go to the search'],
  [['j', '↓'], 'Next spec'],
  [['k', '↑'], 'Previous spec'],
  [['Enter', 'o'], 'Open or close the spec'],
  [['e'], 'Open or close all'],
  [['Esc'], 'Clear the search, leave it, or close this'],
  [['?'], 'Show these keys'],
];

/** The dialog that lists the keyboard shortcuts. */
export function renderKeys(): Html {
  const rows = keys.map(
    ([names, what]) =>
      html`<div><dt>${names.map((name) => html`<kbd>${name}</kbd>`)}</dt><dd>${what}</dd></div>`,
  );
  return html`<dialog id="keys" aria-labelledby="keys-title"><h2 id="keys-title">Keyboard shortcuts</h2>
<dl>${rows}</dl><button type="button" id="close-keys">Close</button></dialog>
`;
}
