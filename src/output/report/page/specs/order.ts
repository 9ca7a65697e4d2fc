import { driftPercent } from '../../formats.ts';
import { failuresOf, isFailed, type ListedItem, videosOfItem } from '../../specs/statuses.ts';

export interface Selection {
  /** Words that must all occur, in any order. */
  readonly text: string;
  /** Statuses to show; empty for all. */
  readonly statuses: ReadonlySet<string>;
  readonly sort: string;
}

interface Order {
  /** Indexes into `specs`: those that match, sorted. Equal ones keep the order of the page. */
  select(specs: readonly ListedItem[], selection: Selection): number[];
}

/** What specs are sorted by, the largest first. */
const weights: Readonly<Record<string, (spec: ListedItem) => number>> = {
  failures: (spec) => Number(isFailed(spec)),
  duration: (spec) => timeTakenMs(spec) ?? -1,
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

/** How long a spec took, in milliseconds: its prompt, or its videos where some were made. */
export function timeTakenMs(spec: ListedItem): number | null {
  const made = videosOfItem(spec).flatMap(({ duration_ms: durationMs }) => durationMs ?? []);
  return made.length === 0 ? spec.duration_ms : made.reduce((sum, durationMs) => sum + durationMs, 0);
}

function searchedText(item: ListedItem): string {
  const { name, spec, prompt_before, prompt_after, video } = item;
  const failures = failuresOf(item).flatMap(({ code, message }) => [code, message]);
  const videos = videosOfItem(item).flatMap((made) => [made.video, made.run_spec, ...made.warnings]);
  const texts = [name, spec, prompt_before, prompt_after, ...failures, video?.path, ...videos];
  return fold(texts.filter((text) => typeof text === 'string').join('\n'));
}

function fold(text: string): string {
  return text
    .normalize('NFKD')
    .replace(/[\u0300-\u036f]/g, '')
    .toLowerCase();
}
