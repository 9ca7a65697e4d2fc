/// <reference lib="dom" />
import type { ReportItem } from '../../../../core/upsample/upsample-report.ts';
import { numeral } from '../../../text/format.ts';
import { driftPercent, preciseDurationText, signedPercentText } from '../../formats.ts';
import { type Child, el } from '../elements.ts';
import { type DiffSpan, wordDiff } from './word-diff.ts';

/** What opens below a spec's row: the frames, the prompt before and after, and every figure. */
export function specDetails(spec: ReportItem, frames: readonly string[]): HTMLElement[] {
  return [
    el('div', { class: 'texts' }, frameStrip(spec, frames), ...prompts(spec)),
    el('div', { class: 'numbers' }, ...tokenFigures(spec), facts(spec)),
  ];
}

function frameStrip(spec: ReportItem, frames: readonly string[]): HTMLElement {
  if (frames.length === 0) return el('p', { class: 'quiet' }, noFrames(spec));
  const { width, height } = spec.hint ?? { width: 320, height: 180 };
  const figures = frames.map((src, number) => {
    const label = `Frame ${number + 1} of ${frames.length}`;
    const alt = `${label} that the model saw for ${spec.name}`;
    const image = el('img', { src, alt, width, height, decoding: 'async' });
    return el('figure', {}, image, el('figcaption', {}, label));
  });
  return el('div', { class: 'frames' }, ...figures);
}

function noFrames(spec: ReportItem): string {
  if (spec.video === null) return 'No video, so the model saw no frames.';
  return spec.frames_used ? 'The frames are not in this page.' : 'No frame was sent.';
}

function prompts({ prompt_before: before, prompt_after: after }: ReportItem): HTMLElement[] {
  const sections: HTMLElement[] = [];
  if (before !== null) sections.push(promptSection('Prompt before', before, 'before', [before], null));
  if (after !== null) {
    const content = before === null ? [after] : wordDiff(before, after).map(marked);
    sections.push(promptSection('Prompt after', after, 'after', content, before === null ? null : legend()));
  }
  return sections;
}

function promptSection(
  title: string,
  text: string,
  kind: string,
  content: Child[],
  note: Child,
): HTMLElement {
  const copy = { type: 'button', class: 'copy', 'aria-label': `Copy: ${title}`, 'data-copy': text };
  const head = el('div', { class: 'prompt-title' }, el('h4', {}, title), note, el('button', copy, 'Copy'));
  return el('section', { class: `prompt ${kind}` }, head, el('p', { dir: 'auto' }, ...content));
}

function legend(): HTMLElement {
  return el('span', { class: 'legend' }, el('ins', {}, 'added'), ' ', el('del', {}, 'removed'), ' kept');
}

/** The blank after a changed word stands outside its mark, where it would look like a part of it. */
function marked({ kind, text }: DiffSpan): Child {
  if (kind === 'kept') return text;
  const word = text.trimEnd();
  const fragment = document.createDocumentFragment();
  fragment.append(
    el(kind === 'added' ? 'ins' : 'del', {}, word),
    text.slice(word.length) || (kind === 'removed' ? ' ' : ''),
  );
  return fragment;
}

function tokenFigures({ tokens }: ReportItem): HTMLElement[] {
  if (tokens === null) return [];
  const drift = driftPercent(tokens.prompt_predicted, tokens.actual_prompt);
  const control = Math.max(0, tokens.prompt_predicted - tokens.vision - tokens.text);
  const shares: Share[] = [
    { name: 'vision', tokens: tokens.vision },
    { name: 'text', tokens: tokens.text + control },
    { name: 'output', tokens: tokens.output_reserved },
  ];
  return [
    el('h4', {}, 'Tokens'),
    budget(shares, tokens.limit),
    factList({
      Predicted: `${numeral(tokens.prompt_predicted)} (${tokens.estimator})`,
      'Counted by the engine': numeralOrNull(tokens.actual_prompt),
      'Prediction off by': drift === null ? null : signedPercentText(drift),
      Answer: numeralOrNull(tokens.actual_output),
    }),
  ];
}

interface Share {
  readonly name: string;
  readonly tokens: number;
}

/** How the limit is used: a bar, and the same figures as its caption. */
function budget(shares: readonly Share[], limit: number): HTMLElement {
  const used = shares.reduce((sum, { tokens }) => sum + tokens, 0);
  const total = Math.max(limit, used, 1);
  const drawn = shares.map(({ name, tokens }) => {
    const share = el('span', { class: name });
    share.style.width = `${(tokens / total) * 100}%`;
    return share;
  });
  const keys = shares.map(({ name, tokens }) =>
    el('span', { class: `key ${name}` }, `${name} ${numeral(tokens)}`),
  );
  const bar = el('div', { class: 'budget', 'aria-hidden': 'true' }, ...drawn);
  const caption = el('p', { class: 'budget-key' }, ...keys, el('span', {}, `limit ${numeral(limit)}`));
  return el('div', {}, bar, caption);
}

function facts({ video, hint, ...spec }: ReportItem): HTMLElement {
  return factList({
    Attempts: numeral(spec.attempts),
    Duration: spec.duration_ms === null ? null : preciseDurationText(spec.duration_ms),
    'Frames used': numeralOrNull(spec.frames_used),
    Video: video && `${video.width} × ${video.height}, ${numeral(video.frames)} frames`,
    From: video === null ? null : video.path,
    'Sent as':
      hint && `${hint.width} × ${hint.height}, ${hint.frames} frames${hint.generated ? ' (hint made)' : ''}`,
    'Written to': spec.output,
  });
}

/** Terms with their values; those without a value are left out. */
function factList(entries: Readonly<Record<string, string | null>>): HTMLElement {
  const rows = Object.entries(entries).map(([term, value]) =>
    value ? el('div', {}, el('dt', {}, term), el('dd', {}, el('bdi', {}, value))) : null,
  );
  return el('dl', { class: 'fact-list' }, ...rows);
}

function numeralOrNull(count: number | null): string | null {
  return count === null ? null : numeral(count);
}
