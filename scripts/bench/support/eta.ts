/** A line of progress and when it came, in milliseconds since the Unix epoch. */
export interface EtaCheck {
  readonly line: string;
  readonly atMs: number;
}

/** The truth that estimates are held against. */
export interface RunTruth {
  readonly prompts: number;
  readonly startedMs: number;
  readonly endedMs: number;
}

/** As `src/output/progress` writes it: `250 done, 750 to go, about 1 min 34 s left`. */
const progressLine = /^([\d,]+) done.*about ((?:\d+(?:\.\d+)? (?:h|min|s) ?)+)left/;
const unitMs: Readonly<Record<string, number>> = { h: 3_600_000, min: 60_000, s: 1_000 };

/** How far estimates of the remaining time were off at the worst, in percent. */
export interface EtaErrors {
  /** Of the run's whole time: when it was foretold to end against when it did. */
  readonly ofWhole: number;
  /** Of the time that was really left, until nine tenths were done: later, a moment is a large part of it. */
  readonly ofRest: number;
}

/** The errors from a quarter of the way on; null where nothing was foretold after that. */
export function etaErrors(checks: readonly EtaCheck[], truth: RunTruth): EtaErrors | null {
  const wholeMs = truth.endedMs - truth.startedMs;
  const errors = checks.flatMap(({ line, atMs }) => {
    const [, done = '0', left = ''] = progressLine.exec(line) ?? [];
    const share = Number(done.replaceAll(',', '')) / truth.prompts;
    if (share < 0.25) return [];
    const leftMs = truth.endedMs - atMs;
    const errorMs = Math.abs(millisecondsOf(left) - leftMs);
    return [{ ofWhole: (100 * errorMs) / wholeMs, ofRest: share > 0.9 ? 0 : (100 * errorMs) / leftMs }];
  });
  if (errors.length === 0) return null;
  return {
    ofWhole: Math.max(...errors.map((error) => error.ofWhole)),
    ofRest: Math.max(...errors.map((error) => error.ofRest)),
  };
}

function millisecondsOf(text: string): number {
  return [...text.matchAll(/(\d+(?:\.\d+)?) (h|min|s)/g)].reduce(
    (sum, [, number, unit]) => sum + Number(number) * (unitMs[unit ?? ''] ?? 0),
    0,
  );
}
