import type { ReportItem } from '../../../core/upsample/upsample-report.ts';
import type { Formats } from './formats.ts';

/** What a reader asked to see. */
export interface Selection {
  /** Words that must all occur, in any order. */
  readonly text: string;
  /** Statuses to show; empty for all. */
  readonly statuses: ReadonlySet<string>;
  readonly sort: string;
}

/** Answers which specs to show, in which order. */
export interface Order {
  /** Indexes into `specs`: those that match, sorted. Equal ones keep the order of the page. */
  select(specs: readonly ReportItem[], selection: Selection): number[];
}

/**
 * Search ignores case, accents of Latin letters and width variants. Specs are folded once and remembered by
 * position, so `specs` may only grow.
 *
 * Self-contained: its source is also embedded in the page.
 */
export function createOrder(formats: Formats): Order {
  const folded: string[] = [];
  const collator = new Intl.Collator(undefined, { numeric: true });
  return { select };

  function select(specs: readonly ReportItem[], { text, statuses, sort }: Selection): number[] {
    for (let index = folded.length; index < specs.length; index += 1) folded.push(haystack(specs[index]));
    const words = fold(text).split(/\s+/).filter(Boolean);
    const found: number[] = [];
    specs.forEach((spec, index) => {
      if (statuses.size > 0 && !statuses.has(spec.status)) return;
      if (words.every((word) => folded[index]?.includes(word))) found.push(index);
    });
    return sorted(found, specs, sort);
  }

  function haystack(spec: ReportItem | undefined): string {
    if (!spec) return '';
    const { name, prompt_before, prompt_after, failure, video } = spec;
    return fold(
      [name, spec.spec, prompt_before, prompt_after, failure?.code, failure?.message, video?.path]
        .filter((part) => typeof part === 'string')
        .join('\n'),
    );
  }

  function fold(text: string): string {
    return text
      .normalize('NFKD')
      .replace(/[\u0300-\u036f]/g, '')
      .toLowerCase();
  }

  function sorted(indexes: number[], specs: readonly ReportItem[], sort: string): number[] {
    if (sort === 'name') {
      return indexes.sort((a, b) => collator.compare(specs[a]?.name ?? '', specs[b]?.name ?? '') || a - b);
    }
    const weight = sort === 'drift' ? drift : sort === 'duration' ? duration : failure;
    const weights = new Map(indexes.map((index) => [index, weight(specs[index])]));
    return indexes.sort((a, b) => (weights.get(b) ?? 0) - (weights.get(a) ?? 0) || a - b);
  }

  function drift(spec: ReportItem | undefined): number {
    const percent = formats.driftPercent(spec?.tokens?.prompt_predicted, spec?.tokens?.actual_prompt);
    return percent === null ? -1 : Math.abs(percent);
  }

  function duration(spec: ReportItem | undefined): number {
    return spec?.duration_ms ?? -1;
  }

  function failure(spec: ReportItem | undefined): number {
    return spec?.status === 'failed' ? 1 : 0;
  }
}
