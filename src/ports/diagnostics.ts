/** What was found out about one prerequisite. */
export interface CheckResult {
  /** What was looked at: `ffmpeg`, `engine`, … */
  readonly name: string;
  readonly status: 'ok' | 'warning' | 'failed';
  /** What was found, in a few words. */
  readonly detail: string;
  /** What to do about it; null when it is ok. */
  readonly fix: string | null;
}

/** Looks at everything a run needs. Never throws: what goes wrong is a result. */
export interface Diagnostics {
  check(): Promise<readonly CheckResult[]>;
}
