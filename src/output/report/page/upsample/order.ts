import type { ReportItem } from '../../../../core/upsample/upsample-report.ts';
import { driftPercent } from '../../formats.ts';

export interface Selection {
  /** Words that must all occur, in any order. */
  readonly text: string;
  /** Statuses to show; empty for all. */
  readonly statuses: ReadonlySet<string>;
  readonly sort: string;
}

interface Order {
  /** Indexes into `specs`: those that match, sorted. Equal ones keep the order of the page. */
  select(specs: readonly ReportItem[], selection: Selection): number[];
}

/** What specs are sorted by, the largest first. */
const weights: Readonly<Record<string, (spec: ReportItem) => number>> = {
  failures: (spec) => (spec.status === 'failed' ? 1 : 0),
  duration: (spec) => spec.duration_ms ?? -1,
  drift: ({ tokens }) => {
    const percent = driftPercent(tokens?.prompt_predicted, tokens?.actual_prompt);
    return percent === null ? -1 : Math.abs(percent);
  },
};

const collator = new Intl.Collator(undefined, { numeric: true });

/** Search ignores case, accents and width variants. Specs are folded once, by position, so `specs` may only grow. */
export function createOrder(): Order {
  const folded: string[] = [];
  return {
    select: (specs, { text, statuses, sort }) => {
      for (const spec of specs.slice(folded.length)) folded.push(searchedText(spec));
      const words = fold(text).split(/\s+/).filter(Boolean);
      const found = specs.flatMap((spec, index) => {
        const isAsked = statuses.size === 0 || statuses.has(spec.status);
        return isAsked && words.every((word) => folded[index]?.includes(word)) ? [{ spec, index }] : [];
      });
      const weight = weights[sort];
      if (sort === 'name') found.sort((one, other) => collator.compare(one.spec.name, other.spec.name));
      else if (weight) found.sort((one, other) => weight(other.spec) - weight(one.spec));
      return found.map(({ index }) => index);
    },
  };
}

function searchedText({ name, spec, prompt_before, prompt_after, failure, video }: ReportItem): string {
  const texts = [name, spec, prompt_before, prompt_after, failure?.code, failure?.message, video?.path];
  return fold(texts.filter((text) => typeof text === 'string').join('\n'));
}

function fold(text: string): string {
  return text
    .normalize('NFKD')
    .replace(/[\u0300-\u036f]/g, '')
    .toLowerCase();
}
