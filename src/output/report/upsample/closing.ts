import { type Html, html } from '../html.ts';
import { createFormats } from '../page/formats.ts';
import type { Omissions } from './spec-data.ts';

const formats = createFormats();

/** The end of the page, with what did not fit into the page; the script moves those notices to the top. */
export function renderClosing(omissions: Omissions): Html {
  return html`<div id="late-notices">${leftOut(omissions)}</div>
</main>
<footer><p>Made by cosmos. This page is complete in itself: it loads nothing and sends nothing.</p></footer>
</body>
</html>
`;
}

function leftOut({ items, frames }: Omissions): Html | null {
  if (items === 0 && frames === 0) return null;
  const sentences = [
    items === 0 ? '' : `${specs(items)} that did not fail ${items === 1 ? 'is' : 'are'} not listed here.`,
    frames === 0 ? '' : `${specs(frames)} of those listed ${frames === 1 ? 'comes' : 'come'} without frames.`,
  ];
  return html`<section class="notice"><h2>Not everything is in this page</h2>
<p>${sentences.filter(Boolean).join(' ')} Every spec is in <code>report.json</code> beside this page.</p></section>`;
}

function specs(count: number): string {
  return `${formats.count(count)} ${count === 1 ? 'spec' : 'specs'}`;
}
