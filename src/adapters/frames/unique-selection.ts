/** How the unique frames of a segment are picked from all of its frames. */
export interface UniqueSelection {
  /** A condition on `n` for ffmpeg's select filter; null when the frames are picked after decoding, or all of them. */
  readonly condition: string | null;
  /** Frames that come through the filter. */
  readonly frames: number;
  /** Which of the frames that come through are unique, by number; null: all. */
  readonly isUnique: ((frame: number) => boolean) | null;
}

/** ffmpeg refuses sums of more than a hundred terms; sums of sums are as good. */
const maxTerms = 40;
/** A longer condition costs more to evaluate than the frames that it holds back, and may not fit into the arguments. */
const maxConditionLength = 4000;

/**
 * Picks the first frame of each run of frames that show one picture. Runs of one length lie side by side in most
 * videos, so the condition is short; where it is not, all frames are decoded and the others dropped.
 *
 * @param repeats - Lengths of the runs, each at least 1.
 */
export function selectUnique(repeats: readonly number[]): UniqueSelection {
  if (repeats.every((length) => length === 1)) {
    return { condition: null, frames: repeats.length, isUnique: null };
  }
  const condition = conditionOf(repeats);
  if (condition !== null) return { condition, frames: repeats.length, isUnique: null };
  const unique = new Set<number>();
  let first = 0;
  let last = 0;
  for (const length of repeats) {
    unique.add(first);
    last = first;
    first += length;
  }
  return { condition: null, frames: last + 1, isUnique: (frame) => unique.has(frame) };
}

function conditionOf(repeats: readonly number[]): string | null {
  const terms: string[] = [];
  let length = 0;
  let first = 0;
  for (let run = 0; run < repeats.length; ) {
    const each = repeats[run] ?? 1;
    let runs = 1;
    while (repeats[run + runs] === each) runs += 1;
    const term = termOf(first, each, runs);
    terms.push(term);
    length += term.length + 1;
    if (length > maxConditionLength) return null;
    first += each * runs;
    run += runs;
  }
  return sumOf(terms);
}

function sumOf(terms: readonly string[]): string {
  if (terms.length <= maxTerms) return terms.join('+');
  const groups = Array.from({ length: Math.ceil(terms.length / maxTerms) }, (_, group) =>
    terms.slice(group * maxTerms, (group + 1) * maxTerms).join('+'),
  );
  return groups.map((group) => `(${group})`).join('+');
}

/** The frames `first`, `first + each`, … of so many runs. */
function termOf(first: number, each: number, runs: number): string {
  if (runs === 1) return `eq(n\\,${first})`;
  const within = `between(n\\,${first}\\,${first + each * (runs - 1)})`;
  return each === 1 ? within : `${within}*not(mod(n-${first}\\,${each}))`;
}
