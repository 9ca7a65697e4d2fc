import type { RunEnding } from '../../core/run/run-ending.ts';
import type { StandingStatus } from '../../core/run/run-status.ts';
import { type Html, html } from './html.ts';
import { type BarPart, facts, notice, partsBar, time } from './sections.ts';

/** How a run ended, or how it stands. */
export type ShownStatus = StandingStatus;

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
  /** Why the run is not at work, where it is neither complete nor at work. */
  readonly ending: RunEnding | null;
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
  running: '…',
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
<div id="notices" class="notices">${whyItEnded(banner.ending)}${banner.notices}</div>
</header>
`;
}

/** What the status and the list of failures say already, or the text on how to continue. */
const plainEndings: ReadonlySet<string> = new Set(['tasks-failed', 'paused', 'detached']);

function whyItEnded(ending: RunEnding | null): Html | null {
  if (ending === null || plainEndings.has(ending.code)) return null;
  const { code, message, ended_at: endedAt, work, next_step: nextStep } = ending;
  const when = endedAt === null ? null : html` <span class="quiet">(${time(endedAt)})</span>`;
  const next = nextStep === null ? null : html`\n<p><b>Next step</b> <span dir="auto">${nextStep}</span></p>`;
  return notice(
    'Why it ended',
    html`<p><code>${code}</code> <span dir="auto">${message}</span>${when}</p>
<p class="quiet">${work}</p>${next}`,
    'notice failure-notice',
  );
}
