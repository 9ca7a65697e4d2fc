/** What was found out about one prerequisite. */
export interface CheckResult {
  /** What was checked: `ffmpeg`, `engine`, … */
  readonly name: string;
  readonly status: 'ok' | 'warning' | 'failed';
  /** What was found, in a few words. */
  readonly detail: string;
  /** What to do about it; null when it is ok. */
  readonly fix: string | null;
}
