/// <reference lib="dom" />

import { numeral } from '../../../text/format.ts';
import { driftPercent, preciseDurationText, signedPercentText } from '../../formats.ts';
import type { ListedItem } from '../../specs/statuses.ts';
import { type Child, el, factList } from '../elements.ts';
import type { SpecMedia } from './spec-store.ts';
import { videoSections } from './video-details.ts';
import { type DiffSpan, wordDiff } from './word-diff.ts';

/** What opens below a spec's row: the frames, the prompt before and after, every figure, and each video. */
export function specDetails(spec: ListedItem, media: SpecMedia): HTMLElement[] {
  return [
    el('div', { class: 'texts' }, frameStrip(spec, media.frames), ...prompts(spec)),
    el('div', { class: 'numbers' }, ...tokenFigures(spec), facts(spec)),
    ...videoSections(spec, media.videos),
  ];
}

function frameStrip(spec: ListedItem, frames: readonly string[]): HTMLElement {
  if (frames.length === 0) return el('p', { class: 'quiet' }, noFrames(spec));
  const { width, height } = spec.hint ?? { width: 320, height: 180 };
  const isSeen = spec.hint !== null;
  const figures = frames.map((src, number) => {
    const label = `Frame ${number + 1} of ${frames.length}`;
    const alt = isSeen
      ? `${label} that the model saw for ${spec.name}`
      : `${label} of the input of ${spec.name}`;
    const image = el('img', { src, alt, ...(isSeen && { width, height }), decoding: 'async' });
    return el('figure', {}, image, el('figcaption', {}, isSeen ? label : `${label} of the input`));
  });
  return el('div', { class: 'frames' }, ...figures);
}

function noFrames(spec: ListedItem): string {
  if (spec.video === null) return 'No video, so the model saw no frames.';
  return spec.frames_used ? 'The frames are not in this page.' : 'No frame was sent.';
}

function prompts({ prompt_before: before, prompt_after: after }: ListedItem): HTMLElement[] {
  const sections: HTMLElement[] = [];
  const title = after === null ? 'Prompt' : 'Prompt before';
  if (before !== null) sections.push(promptSection(title, before, 'before', [before], null));
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

function tokenFigures({ tokens }: ListedItem): HTMLElement[] {
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

function facts({ video, hint, ...spec }: ListedItem): HTMLElement {
  return factList({
    Attempts: spec.attempts === 0 ? null : numeral(spec.attempts),
    Duration: spec.duration_ms === null ? null : preciseDurationText(spec.duration_ms),
    'Frames used': numeralOrNull(spec.frames_used),
    Video: video && `${video.width} × ${video.height}, ${numeral(video.frames)} frames`,
    From: video === null ? null : video.path,
    'Sent as':
      hint && `${hint.width} × ${hint.height}, ${hint.frames} frames${hint.generated ? ' (hint made)' : ''}`,
    'Answered by': spec.reused_from === undefined ? null : `${spec.reused_from}, in an earlier run`,
    'Written to': spec.output,
  });
}

function numeralOrNull(count: number | null): string | null {
  return count === null ? null : numeral(count);
}
