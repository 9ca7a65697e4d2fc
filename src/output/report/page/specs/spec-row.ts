/// <reference lib="dom" />
import type { ReportItem } from '../../../../core/upsample/upsample-report.ts';
import { counted, numeral } from '../../../text/format.ts';
import { driftPercent, preciseDurationText, signedPercentText } from '../../formats.ts';
import { failuresOf, type ListedItem, statusTones, videosOfItem } from '../../specs/statuses.ts';
import { el, failureParagraphs } from '../elements.ts';
import { timeTakenMs } from './order.ts';
import { specDetails } from './spec-details.ts';
import type { SpecMedia } from './spec-store.ts';

/** A spec with its index in the page, and its pictures. */
export interface ListedSpec {
  readonly spec: ListedItem;
  readonly index: number;
  readonly media: SpecMedia;
}

/**
 * The row of a spec, closed.
 *
 * @param position - From 0, in the list as it is shown.
 * @param total - Rows of the list; -1 while it grows.
 */
export function specRow(listed: ListedSpec, position: number, total: number): HTMLElement {
  const { spec, index, media } = listed;
  const { tone } = statusTones[spec.status];
  return el(
    'article',
    {
      class: `spec ${tone}`,
      'data-index': index,
      'data-position': position,
      'aria-labelledby': `spec-${index}`,
      'aria-posinset': position + 1,
      'aria-setsize': total,
    },
    el('div', { class: 'head' }, thumbnail(media), summary(listed), figures(spec)),
    el('div', { class: 'details', id: `details-${index}`, hidden: '' }),
  );
}

export function setRowOpen(row: HTMLElement, { spec, media }: ListedSpec, isOpen: boolean): void {
  const body = row.querySelector<HTMLElement>('.details');
  row.classList.toggle('open', isOpen);
  row.querySelector('.toggle')?.setAttribute('aria-expanded', String(isOpen));
  if (!body) return;
  body.hidden = !isOpen;
  body.replaceChildren(...(isOpen ? specDetails(spec, media) : []));
}

/** Of a video that was made, or else of what it is made from. */
function thumbnail({ frames, videos }: SpecMedia): HTMLElement {
  const src = videos.flatMap(({ stills }) => stills[Math.floor(stills.length / 2)] ?? [])[0] ?? frames[0];
  if (src === undefined) return el('span', { class: 'thumb none', 'aria-hidden': 'true' }, 'no frame');
  return el('img', { class: 'thumb', src, alt: '', width: 112, height: 63, decoding: 'async' });
}

function summary({ spec, index }: ListedSpec): HTMLElement {
  const toggle = {
    type: 'button',
    class: 'toggle',
    id: `spec-${index}`,
    'aria-expanded': 'false',
    'aria-controls': `details-${index}`,
  };
  const mark = el('span', { class: 'mark', 'aria-hidden': 'true' });
  const badge = el('span', { class: `badge ${statusTones[spec.status].tone}` }, mark, statusTitle(spec));
  const name = el('h3', {}, el('button', toggle, el('bdi', {}, spec.name || spec.spec)));
  return el(
    'div',
    { class: 'summary' },
    el('div', { class: 'name-line' }, name, badge, ...remarks(spec)),
    el('p', { class: 'path' }, el('bdi', {}, spec.spec)),
    ...failures(spec),
    failuresOf(spec).length === 0 ? preview(spec) : null,
  );
}

function statusTitle(spec: ListedItem): string {
  const { title } = statusTones[spec.status];
  if (spec.status !== 'waiting') return title;
  return `${title} for its ${spec.prompt_status === 'pending' ? 'prompt' : 'video'}`;
}

/** What a person should see before anything is opened. */
function remarks(spec: ListedItem): HTMLElement[] {
  const videos = videosOfItem(spec);
  const warnings = videos.flatMap((video) => video.warnings).length;
  const isUnguarded = videos.some(({ guardrails }) => guardrails === 'off');
  const texts = [
    videos.some((video) => video.is_prompt_edited) && 'Prompt edited by hand',
    isUnguarded && 'Made without guardrails',
    warnings > 0 && counted(warnings, 'warning'),
  ].filter((text) => text !== false);
  return texts.map((text) => el('span', { class: 'remark' }, text));
}

function preview(spec: ListedItem): HTMLElement | null {
  const text = spec.prompt_after ?? spec.prompt_before;
  return text === null ? null : el('p', { class: 'preview', dir: 'auto' }, text.slice(0, 400));
}

/** The first failure; the others stand with their videos. */
function failures(spec: ListedItem): HTMLElement[] {
  const [first, ...others] = failuresOf(spec);
  if (!first) return [];
  const more = `and ${counted(others.length, 'more video')} of this spec`;
  return [...failureParagraphs(first), ...(others.length === 0 ? [] : [el('p', { class: 'quiet' }, more)])];
}

function figures(spec: ListedItem): HTMLElement {
  const durationMs = timeTakenMs(spec);
  const duration = durationMs === null ? null : el('p', {}, preciseDurationText(durationMs));
  const main = 'videos' in spec ? videoLine(spec) : spec.tokens && tokenLine(spec.tokens);
  return el('div', { class: 'figures' }, main, duration);
}

function videoLine(spec: ListedItem): HTMLElement | null {
  const videos = videosOfItem(spec);
  const files = videos.flatMap(({ file }) => file ?? []);
  const [file] = files;
  if (!file) return null;
  if (videos.length > 1)
    return el('p', {}, el('b', {}, `${files.length} of ${counted(videos.length, 'video')}`));
  const size = ` ${file.width} × ${file.height}`;
  return el('p', {}, el('b', {}, counted(file.frames, 'frame')), el('small', {}, size));
}

function tokenLine({ actual_prompt, prompt_predicted }: NonNullable<ReportItem['tokens']>): HTMLElement {
  const drift = driftPercent(prompt_predicted, actual_prompt);
  const note =
    drift === null ? 'predicted' : `predicted ${numeral(prompt_predicted)}, ${signedPercentText(drift)}`;
  const count = `${numeral(actual_prompt ?? prompt_predicted)} tokens`;
  return el('p', {}, el('b', {}, count), el('small', {}, ` ${note}`));
}
