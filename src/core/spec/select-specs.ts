/** Which of the specs that were found are worked on. */
export interface SpecSelection {
  /** Paths, folders or patterns with `*`; empty: all. */
  readonly only: readonly string[];
  /** The same for specs that are left out. */
  readonly skip: readonly string[];
  /** Most specs that are worked on, the first ones; null: any number. */
  readonly limit: number | null;
}

type Patterns = Pick<SpecSelection, 'only' | 'skip'>;

/** Specs that a selection leaves out, and the flags that say so: `--limit 5`. */
export interface LeftOut {
  readonly count: number;
  readonly by: string;
}

/** The flags of a selection as they are typed, without quotes; empty where everything is selected. */
export function selectionText({ only, skip, limit }: SpecSelection): string {
  return [
    ...only.map((each) => `--only ${each}`),
    ...skip.map((each) => `--skip ${each}`),
    ...(limit === null ? [] : [`--limit ${limit}`]),
  ].join(' ');
}

/** Whether a spec is worked on. @param spec - Path relative to the input root, with forward slashes. */
export function isSelected(spec: string, { only, skip }: Patterns): boolean {
  const isNamed = (patterns: readonly string[]) => patterns.some((pattern) => matches(spec, pattern));
  return (only.length === 0 || isNamed(only)) && !isNamed(skip);
}

/** Whether a file may hold a spec that is worked on: with `list.jsonl#2`, it is one of several in it. */
export function isFileSelected(file: string, { only, skip }: Patterns): boolean {
  return isSelected(file, { only: only.map((pattern) => pattern.replace(/#[^/]*$/, '')), skip });
}

/** A path, a folder above it, a file name with or without its ending, or a pattern in which `*` is any text. */
function matches(spec: string, pattern: string): boolean {
  const wanted = pattern.replaceAll('\\', '/').replace(/^\.\//, '').replace(/\/$/, '');
  const literal = wanted.split('*').map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  // A file with several specs, or a spec with several prompts, is named by all of them.
  return new RegExp(`^(.*/)?${literal.join('.*')}(\\.jsonl?)?(#[^/]*)?(/.*)?$`, 'su').test(spec);
}
