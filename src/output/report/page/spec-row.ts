/// <reference lib="dom" />
import type { ReportItem } from '../../../core/upsample/upsample-report.ts';
import type { MakeElement } from './elements.ts';
import type { Formats } from './formats.ts';

/** What a row is made with. */
export interface SpecRowParts {
  readonly el: MakeElement;
  readonly formats: Formats;
  frames(index: number): string[];
  /** What opens below the row. */
  details(spec: ReportItem, index: number): HTMLElement[];
}

/** Makes the row of a spec, closed or open. */
export interface SpecRow {
  make(
    spec: ReportItem,
    index: number,
    place: { position: number; total: number },
    isOpen: boolean,
  ): HTMLElement;
  /** Opens or closes a row that {@link SpecRow.make} made. */
  setOpen(row: HTMLElement, spec: ReportItem, index: number, isOpen: boolean): void;
}

/** Self-contained: its source is also embedded in the page. */
export function createSpecRow({ el, formats, frames, details }: SpecRowParts): SpecRow {
  const titles = {
    upsampled: 'Upsampled',
    reused: 'Reused from an earlier run',
    skipped: 'Skipped, already upsampled',
    failed: 'Failed',
    pending: 'Pending, not done yet',
  };
  return { make, setOpen };

  function make(
    spec: ReportItem,
    index: number,
    place: { position: number; total: number },
    isOpen: boolean,
  ) {
    const row = el(
      'article',
      {
        class: `spec ${spec.status}`,
        'data-index': index,
        'data-position': place.position,
        'aria-labelledby': `spec-${index}`,
        'aria-posinset': place.position + 1,
        'aria-setsize': place.total,
      },
      el('div', { class: 'head' }, thumbnail(index), summary(spec, index), figures(spec)),
      el('div', { class: 'details', id: `details-${index}`, hidden: '' }),
    );
    if (isOpen) setOpen(row, spec, index, true);
    return row;
  }

  function setOpen(row: HTMLElement, spec: ReportItem, index: number, isOpen: boolean): void {
    const body = row.querySelector<HTMLElement>('.details');
    row.classList.toggle('open', isOpen);
    row.querySelector('.toggle')?.setAttribute('aria-expanded', String(isOpen));
    if (!body) return;
    body.hidden = !isOpen;
    body.replaceChildren(...(isOpen ? details(spec, index) : []));
  }

  function thumbnail(index: number): HTMLElement {
    const [source] = frames(index);
    if (!source) return el('span', { class: 'thumb none', 'aria-hidden': 'true' }, 'no frame');
    return el('img', { class: 'thumb', src: source, alt: '', width: 112, height: 63, decoding: 'async' });
  }

  function summary(spec: ReportItem, index: number): HTMLElement {
    return el(
      'div',
      { class: 'summary' },
      el(
        'div',
        { class: 'name-line' },
        el('h3', {}, toggle(spec, index)),
        el(
          'span',
          { class: `badge ${spec.status}` },
          el('span', { class: 'mark', 'aria-hidden': 'true' }),
          titles[spec.status],
        ),
      ),
      el('p', { class: 'path' }, el('bdi', {}, spec.spec)),
      ...(spec.failure ? failure(spec.failure) : [preview(spec)]),
    );
  }

  function toggle(spec: ReportItem, index: number): HTMLElement {
    return el(
      'button',
      {
        type: 'button',
        class: 'toggle',
        id: `spec-${index}`,
        'aria-expanded': 'false',
        'aria-controls': `details-${index}`,
      },
      el('bdi', {}, spec.name || spec.spec),
    );
  }

  function preview(spec: ReportItem): HTMLElement | null {
    const text = spec.prompt_after ?? spec.prompt_before;
    return text === null ? null : el('p', { class: 'preview', dir: 'auto' }, text.slice(0, 400));
  }

  function failure({
    code,
    message,
    next_step: nextStep,
  }: NonNullable<ReportItem['failure']>): HTMLElement[] {
    return [
      el('p', { class: 'failure' }, el('code', {}, code), ' ', el('span', { dir: 'auto' }, message)),
      el('p', { class: 'next-step' }, el('b', {}, 'Next: '), el('span', { dir: 'auto' }, nextStep)),
    ];
  }

  function figures({ tokens, duration_ms }: ReportItem): HTMLElement {
    return el(
      'div',
      { class: 'figures' },
      tokens && el('p', {}, el('b', {}, tokenCount(tokens)), el('small', {}, ` ${tokenNote(tokens)}`)),
      duration_ms === null ? null : el('p', {}, formats.duration(duration_ms)),
    );
  }

  function tokenCount({ actual_prompt, prompt_predicted }: NonNullable<ReportItem['tokens']>): string {
    return `${formats.count(actual_prompt ?? prompt_predicted)} tokens`;
  }

  function tokenNote({ actual_prompt, prompt_predicted }: NonNullable<ReportItem['tokens']>): string {
    const drift = formats.driftPercent(prompt_predicted, actual_prompt);
    if (drift === null) return 'predicted';
    return `predicted ${formats.count(prompt_predicted)}, ${formats.percent(drift)}`;
  }
}
