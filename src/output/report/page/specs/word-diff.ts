import type { ChangeObject } from 'diff';
import { diffArrays } from 'diff/lib/diff/array.js';

/** A stretch of text: in both texts, only in the new one, or only in the old one. */
export interface DiffSpan {
  readonly kind: 'kept' | 'added' | 'removed';
  readonly text: string;
}

interface Word {
  /** The word without white space: what is compared. */
  readonly key: string;
  /** The word with the white space that belongs to it: what is shown. */
  text: string;
}

type Change = Pick<ChangeObject<Word[]>, 'value' | 'added' | 'removed'>;

/** Texts that differ in more words are not compared in full, so that the page never waits for a comparison. */
const maxDifferences = 1_000;

const segmenter = new Intl.Segmenter(undefined, { granularity: 'word' });

/**
 * The difference between two texts, word by word. The kept and added spans together are exactly `after`; the kept and
 * removed ones have the words of `before`. Words follow Unicode, so scripts without spaces work. A lone short word kept
 * between two changes counts as changed, because such accidents ("a", ",") only make the result harder to read.
 */
export function wordDiff(before: string, after: string): DiffSpan[] {
  const [old, next] = [wordsOf(before), wordsOf(after)];
  const options = { comparator: isSame, maxEditLength: maxDifferences };
  return spansOf(diffArrays(old, next, options) ?? replacedMiddle(old, next));
}

/** Words and punctuation, each with the white space after it; leading white space goes to the first. */
function wordsOf(text: string): Word[] {
  const words: Word[] = [];
  let lead = '';
  for (const { segment } of segmenter.segment(text)) {
    const last = words.at(-1);
    if (/\S/.test(segment)) {
      words.push({ key: segment, text: lead + segment });
      lead = '';
    } else if (last) last.text += segment;
    else lead += segment;
  }
  return lead === '' ? words : [{ key: '', text: lead }];
}

function isSame(one: Word | undefined, other: Word | undefined): boolean {
  return one?.key === other?.key;
}

/** What stands between the common ends of two texts, as one replacement. */
function replacedMiddle(old: readonly Word[], next: readonly Word[]): Change[] {
  const shorter = Math.min(old.length, next.length);
  let head = 0;
  while (head < shorter && isSame(old[head], next[head])) head += 1;
  let tail = 0;
  while (tail < shorter - head && isSame(old.at(-1 - tail), next.at(-1 - tail))) tail += 1;
  return [
    { value: next.slice(0, head), removed: false, added: false },
    { value: old.slice(head, old.length - tail), removed: true, added: false },
    { value: next.slice(head, next.length - tail), removed: false, added: true },
    { value: next.slice(next.length - tail), removed: false, added: false },
  ];
}

/** Within a run of changes the removed words come first; lone short kept words join the run. */
function spansOf(changes: readonly Change[]): DiffSpan[] {
  const spans: DiffSpan[] = [];
  let removed = '';
  let added = '';
  changes.forEach((change, index) => {
    const text = change.value.map((word) => word.text).join('');
    const isKept = !change.removed && !change.added;
    if (isKept && !(index > 0 && index < changes.length - 1 && isLoneShort(change.value))) {
      append('removed', removed);
      append('added', added);
      append('kept', text);
      removed = '';
      added = '';
    } else {
      if (!change.added) removed += text;
      if (!change.removed) added += text;
    }
  });
  append('removed', removed);
  append('added', added);
  return spans;

  function append(kind: DiffSpan['kind'], text: string): void {
    if (text !== '') spans.push({ kind, text });
  }
}

function isLoneShort([word, more]: readonly Word[]): boolean {
  return word !== undefined && word.key.length <= 2 && more === undefined;
}
