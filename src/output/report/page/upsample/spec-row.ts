/// <reference lib="dom" />
import type { ReportItem } from '../../../../core/upsample/upsample-report.ts';
import { numeral } from '../../../text/format.ts';
import { driftPercent, preciseDurationText, signedPercentText } from '../../formats.ts';
import { el } from '../elements.ts';
import { specDetails } from './spec-details.ts';

/** A spec with its index in the page, and the frames that its model saw as data URLs. */
export interface ListedSpec {
  readonly spec: ReportItem;
  readonly index: number;
  readonly frames: readonly string[];
}

const statusTitles: Readonly<Record<ReportItem['status'], string>> = {
  upsampled: 'Upsampled',
  reused: 'Reused from an earlier run',
  skipped: 'Skipped, already upsampled',
  failed: 'Failed',
  pending: 'Pending, not done yet',
};

/**
 * The row of a spec, closed.
 *
 * @param position - From 0, in the list as it is shown.
 * @param total - Rows of the list; -1 while it grows.
 */
export function specRow(listed: ListedSpec, position: number, total: number): HTMLElement {
  const { spec, index, frames } = listed;
  return el(
    'article',
    {
      class: `spec ${spec.status}`,
      'data-index': index,
      'data-position': position,
      'aria-labelledby': `spec-${index}`,
      'aria-posinset': position + 1,
      'aria-setsize': total,
    },
    el('div', { class: 'head' }, thumbnail(frames), summary(listed), figures(spec)),
    el('div', { class: 'details', id: `details-${index}`, hidden: '' }),
  );
}

export function setRowOpen(row: HTMLElement, { spec, frames }: ListedSpec, isOpen: boolean): void {
  const body = row.querySelector<HTMLElement>('.details');
  row.classList.toggle('open', isOpen);
  row.querySelector('.toggle')?.setAttribute('aria-expanded', String(isOpen));
  if (!body) return;
  body.hidden = !isOpen;
  body.replaceChildren(...(isOpen ? specDetails(spec, frames) : []));
}

function thumbnail([src]: readonly string[]): HTMLElement {
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
  const badge = el('span', { class: `badge ${spec.status}` }, mark, statusTitles[spec.status]);
  const name = el('h3', {}, el('button', toggle, el('bdi', {}, spec.name || spec.spec)));
  return el(
    'div',
    { class: 'summary' },
    el('div', { class: 'name-line' }, name, badge),
    el('p', { class: 'path' }, el('bdi', {}, spec.spec)),
    ...(spec.failure ? failure(spec.failure) : [preview(spec)]),
  );
}

function preview(spec: ReportItem): HTMLElement | null {
  const text = spec.prompt_after ?? spec.prompt_before;
  return text === null ? null : el('p', { class: 'preview', dir: 'auto' }, text.slice(0, 400));
}

function failure({ code, message, next_step }: NonNullable<ReportItem['failure']>): HTMLElement[] {
  return [
    el('p', { class: 'failure' }, el('code', {}, code), ' ', el('span', { dir: 'auto' }, message)),
    el('p', { class: 'next-step' }, el('b', {}, 'Next: '), el('span', { dir: 'auto' }, next_step)),
  ];
}

function figures({ tokens, duration_ms: durationMs }: ReportItem): HTMLElement {
  const duration = durationMs === null ? null : el('p', {}, preciseDurationText(durationMs));
  return el('div', { class: 'figures' }, tokens && tokenLine(tokens), duration);
}

function tokenLine({ actual_prompt, prompt_predicted }: NonNullable<ReportItem['tokens']>): HTMLElement {
  const drift = driftPercent(prompt_predicted, actual_prompt);
  const note =
    drift === null ? 'predicted' : `predicted ${numeral(prompt_predicted)}, ${signedPercentText(drift)}`;
  const count = `${numeral(actual_prompt ?? prompt_predicted)} tokens`;
  return el('p', {}, el('b', {}, count), el('small', {}, ` ${note}`));
}
