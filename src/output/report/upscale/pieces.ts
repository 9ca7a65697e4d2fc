import { type Html, html } from '../html.ts';

/** A region of the page with its heading. */
export function panel(id: string, title: string, content: Html): Html {
  return html`<section class="panel" aria-labelledby="${id}">
<h2 id="${id}">${title}</h2>
${content}
</section>
`;
}

/** One entry of a list of facts. */
export function fact(term: string, value: Html): Html {
  return html`<div><dt>${term}</dt><dd>${value}</dd></div>`;
}

/** Something a reader should do or know. */
export function notice(title: string, content: Html, kind = 'notice'): Html {
  return html`<section class="${kind}"><h2>${title}</h2>${content}</section>`;
}

/** A command to copy. */
export function command(text: string): Html {
  return html`<p class="command"><code>${text}</code><button type="button" data-copy="${text}">Copy</button></p>`;
}

/** One part of a {@link partsBar}. */
export interface BarPart {
  /** CSS class that colours it. */
  readonly kind: string;
  readonly amount: number;
}

/** How a whole divides, drawn; the same figures stand beside it as text, so it is hidden from readers. */
export function partsBar(parts: readonly BarPart[], kind: string): Html {
  const total = Math.max(
    1,
    parts.reduce((sum, { amount }) => sum + amount, 0),
  );
  let left = 0;
  const rects = parts.map((part) => {
    const width = (1000 * part.amount) / total;
    const rect = html`<rect class="${part.kind}" x="${left.toFixed(1)}" width="${width.toFixed(1)}" height="8"/>`;
    left += width;
    return rect;
  });
  return html`<svg class="${kind}" viewBox="0 0 1000 8" preserveAspectRatio="none" aria-hidden="true">${rects}</svg>`;
}
