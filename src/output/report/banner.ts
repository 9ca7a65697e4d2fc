import { type Html, html } from './html.ts';
import { type BarPart, facts, partsBar } from './sections.ts';

/** How a run ended, or how it stands. */
export type ShownStatus = 'complete' | 'partial' | 'detached' | 'paused' | 'failed' | 'unfinished';

interface Banner {
  /** What the program did: `upsampling`. */
  readonly work: string;
  readonly runId: string;
  readonly status: ShownStatus;
  /** What the status means for this kind of run. */
  readonly sentence: string;
  readonly title: Html | string;
  /** How the work divides by outcome. */
  readonly outcomes: readonly BarPart[];
  readonly facts: Readonly<Record<string, Html | string | null>>;
  /** What a reader should do or know first. */
  readonly notices: Html;
  /** Where no toolbar has it, the button that changes the theme stands here. */
  readonly hasThemeButton: boolean;
}

export const themeButton = html`<button type="button" id="theme" aria-label="Theme: auto">◐ Auto</button>`;

const statusMarks: Readonly<Record<ShownStatus, string>> = {
  complete: '✓',
  partial: '!',
  detached: '…',
  paused: '…',
  failed: '✕',
  unfinished: '…',
};

/** A status as a title: `Complete`. */
export function statusTitle(status: ShownStatus): string {
  return `${status.charAt(0).toUpperCase()}${status.slice(1)}`;
}

/** The page's head for people: how the run ended, how to continue, and the facts that hold for all of it. */
export function renderBanner(banner: Banner): Html {
  const { status } = banner;
  const brand = html`<p class="brand">cosmos <span>${banner.work} report</span></p>`;
  return html`<header class="banner">
${banner.hasThemeButton ? html`<div class="brand-line">${brand}\n${themeButton}</div>` : brand}
<div class="title">
<h1>${banner.title}</h1>
<p class="run-status ${status}"><span class="mark" aria-hidden="true">${statusMarks[status]}</span>${statusTitle(status)}</p>
</div>
<p class="sentence">${banner.sentence} <span class="run-id">Run <code>${banner.runId}</code></span></p>
${partsBar(banner.outcomes, 'counts-bar')}
${facts('facts', banner.facts)}
<div id="notices" class="notices">${banner.notices}</div>
</header>
`;
}
