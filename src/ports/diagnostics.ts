/** What was found out about one prerequisite. */
export interface CheckResult {
  /** What was checked: `ffmpeg`, `engine`, … */
  readonly name: string;
  /** `skipped`: it was not checked, because what it relies on has failed. */
  readonly status: 'ok' | 'warning' | 'failed' | 'skipped';
  /** What was found, in a few words. */
  readonly detail: string;
  /** What to do about it; null when it is ok. */
  readonly fix: string | null;
}
