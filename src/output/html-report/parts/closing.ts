import type { Omissions } from '../chunks.ts';
import { type Html, html } from '../html.ts';
import { createFormats } from '../page/formats.ts';

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
  return html`<section class="notice"><h2>Not everything is in this page</h2>
<p>${items === 0 ? null : `${formats.count(items)} more specs that did not fail are not listed here. `}${
    frames === 0 ? null : `${formats.count(frames)} of the listed specs are shown without their frames. `
  }Every spec is in <code>report.json</code> beside this page.</p></section>`;
}
