import { type Html, html } from './html.ts';

/** A region of the page with its heading. */
export function panel(id: string, title: string, content: Html): Html {
  return html`<section class="panel" aria-labelledby="${id}">
<h2 id="${id}">${title}</h2>
${content}
</section>
`;
}

/** Terms with their values; those without a value are left out. */
export function facts(kind: string, values: Readonly<Record<string, Html | string | null>>): Html {
  const rows = Object.entries(values).map(([term, value]) =>
    value === null || value === '' ? html`` : html`<div><dt>${term}</dt><dd>${value}</dd></div>`,
  );
  return html`<dl class="${kind}">${rows}</dl>`;
}

/** Text from outside, whose direction of writing leaves its surroundings alone. */
export function bdi(text: string): Html {
  return html`<bdi>${text}</bdi>`;
}

/** Something a reader should do or know. */
export function notice(title: string, content: Html, kind = 'notice'): Html {
  return html`<section class="${kind}"><h2>${title}</h2>${content}</section>`;
}

export function command(text: string): Html {
  return html`<p class="command"><code>${text}</code><button type="button" data-copy="${text}">Copy</button></p>`;
}

/** An outcome, as a mark with a word. */
export function badge(kind: string, title: string): Html {
  return html`<span class="badge ${kind}"><span class="mark" aria-hidden="true"></span>${title}</span>`;
}

export function time(iso: string): Html {
  return html`<time datetime="${iso}">${iso.slice(0, 16).replace('T', ' ')} UTC</time>`;
}

/** One part of a {@link partsBar}. */
export interface BarPart {
  /** CSS class that colours it. */
  readonly kind: string;
  readonly amount: number;
}

/** How a whole divides, drawn; the same figures stand beside it as text, so it is hidden from readers. */
export function partsBar(parts: readonly BarPart[], kind: string): Html {
  const sum = parts.reduce((total, { amount }) => total + amount, 0);
  const scale = 1000 / Math.max(1, sum);
  let left = 0;
  const rects = parts.map((part) => {
    const width = part.amount * scale;
    const rect = html`<rect class="${part.kind}" x="${left.toFixed(1)}" width="${width.toFixed(1)}" height="8"/>`;
    left += width;
    return rect;
  });
  return html`<svg class="${kind}" viewBox="0 0 1000 8" preserveAspectRatio="none" aria-hidden="true">${rects}</svg>`;
}
