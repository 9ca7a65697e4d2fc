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

interface Step {
  readonly old: Word | null;
  readonly next: Word | null;
}

/**
 * The difference between two texts, word by word, as a longest common subsequence. The kept and added spans
 * together are exactly `after`; the kept and removed ones have the words of `before`. Words follow Unicode, so
 * scripts without spaces work. A lone short word kept between two changes counts as changed, because such
 * accidents ("a", ",") only make the result harder to read.
 *
 * Costs words(before) x words(after); above 4 million pairs the common ends are cut off first, and a middle that is still
 * above is replaced as a whole.
 *
 * Self-contained: its source is also embedded in the page.
 */
export function wordDiff(before: string, after: string): DiffSpan[] {
  const maxPairs = 4_000_000;
  const segmenter = new Intl.Segmenter(undefined, { granularity: 'word' });
  const old = wordsOf(before);
  const next = wordsOf(after);
  const head = commonHead();
  const isLong = (old.length - head) * (next.length - head) > maxPairs;
  const tail = isLong ? commonTail() : 0;
  return toSpans([
    ...kept(0, head),
    ...middle(old.slice(head, old.length - tail), next.slice(head, next.length - tail)),
    ...kept(next.length - tail, next.length),
  ]);

  /** Words and punctuation, each with the white space after it; leading white space goes to the first. */
  function wordsOf(text: string): Word[] {
    const words: Word[] = [];
    let lead = '';
    for (const { segment } of segmenter.segment(text)) {
      const last = words.at(-1);
      if (/\S/.test(segment)) words.push({ key: segment, text: lead + segment });
      else if (last) last.text += segment;
      if (words.length === 0) lead += segment;
      else lead = '';
    }
    if (lead !== '') words.push({ key: '', text: lead });
    return words;
  }

  function commonHead(): number {
    const most = Math.min(old.length, next.length);
    let size = 0;
    while (size < most && old[size]?.key === next[size]?.key) size += 1;
    return size;
  }

  function commonTail(): number {
    const most = Math.min(old.length, next.length) - head;
    let size = 0;
    while (size < most && old.at(-1 - size)?.key === next.at(-1 - size)?.key) size += 1;
    return size;
  }

  function kept(from: number, to: number): Step[] {
    return next.slice(from, to).map((word) => ({ old: word, next: word }));
  }

  function middle(left: Word[], right: Word[]): Step[] {
    if (left.length * right.length > maxPairs) return [...left.map(removal), ...right.map(addition)];
    const lengths = commonLengths(left, right);
    const width = right.length + 1;
    const steps: Step[] = [];
    let row = 0;
    let column = 0;
    for (let step = nextStep(); step !== null; step = nextStep()) {
      steps.push(step);
      if (step.old) row += 1;
      if (step.next) column += 1;
    }
    return steps;

    function nextStep(): Step | null {
      const oldWord = left[row];
      const newWord = right[column];
      if (!oldWord) return newWord ? addition(newWord) : null;
      if (!newWord) return removal(oldWord);
      if (oldWord.key === newWord.key) return { old: oldWord, next: newWord };
      const ifRemoved = lengths[(row + 1) * width + column] ?? 0;
      const ifAdded = lengths[row * width + column + 1] ?? 0;
      return ifRemoved >= ifAdded ? removal(oldWord) : addition(newWord);
    }
  }

  /** Entry `row * (right.length + 1) + column`: the longest common subsequence of what follows there. */
  function commonLengths(left: Word[], right: Word[]): Uint16Array {
    const width = right.length + 1;
    const lengths = new Uint16Array((left.length + 1) * width);
    for (let row = left.length - 1; row >= 0; row -= 1) {
      for (let column = right.length - 1; column >= 0; column -= 1) {
        const here = row * width + column;
        lengths[here] =
          left[row]?.key === right[column]?.key
            ? (lengths[here + width + 1] ?? 0) + 1
            : Math.max(lengths[here + width] ?? 0, lengths[here + 1] ?? 0);
      }
    }
    return lengths;
  }

  function removal(word: Word): Step {
    return { old: word, next: null };
  }

  function addition(word: Word): Step {
    return { old: null, next: word };
  }

  /** Within a run of changes the removed words come first; lone short kept words join the run. */
  function toSpans(steps: Step[]): DiffSpan[] {
    const result: { kind: DiffSpan['kind']; text: string }[] = [];
    let removed = '';
    let added = '';
    steps.forEach((step, index) => {
      if (isKept(step) && !isLoneShort(steps, index)) {
        flush();
        append('kept', step.next?.text ?? '');
        return;
      }
      removed += step.old?.text ?? '';
      added += step.next?.text ?? '';
    });
    flush();
    return result;

    function flush(): void {
      append('removed', removed);
      append('added', added);
      removed = '';
      added = '';
    }

    function append(kind: DiffSpan['kind'], text: string): void {
      const last = result.at(-1);
      if (text === '') return;
      if (last?.kind === kind) last.text += text;
      else result.push({ kind, text });
    }
  }

  function isKept(step: Step | undefined): boolean {
    return step !== undefined && step.old !== null && step.next !== null;
  }

  function isLoneShort(steps: Step[], index: number): boolean {
    const isInside = index > 0 && index < steps.length - 1;
    const isShort = (steps[index]?.next?.key.length ?? 0) <= 2;
    return isInside && isShort && !isKept(steps[index - 1]) && !isKept(steps[index + 1]);
  }
}
