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

const progressLine = /^(\d+) of \d+ done.*about ((?:\d+(?:\.\d+)? (?:h|min|s) ?)+)left/;
const unitMs: Readonly<Record<string, number>> = { h: 3_600_000, min: 60_000, s: 1_000 };

/**
 * How far the estimates of the remaining time were off, in percent of the run's whole time, at the worst; those
 * before a quarter of the prompts was done do not count. Null when there is none.
 */
export function etaErrorPercent(checks: readonly EtaCheck[], truth: RunTruth): number | null {
  const errors = checks.flatMap(({ line, atMs }) => {
    const [, done = '0', left = ''] = progressLine.exec(line) ?? [];
    if (Number(done) < truth.prompts / 4) return [];
    const foretoldMs = atMs - truth.startedMs + millisecondsOf(left);
    const trueMs = truth.endedMs - truth.startedMs;
    return [(100 * Math.abs(foretoldMs - trueMs)) / trueMs];
  });
  return errors.length === 0 ? null : Math.max(...errors);
}

function millisecondsOf(text: string): number {
  return [...text.matchAll(/(\d+(?:\.\d+)?) (h|min|s)/g)].reduce(
    (sum, [, number, unit]) => sum + Number(number) * (unitMs[unit ?? ''] ?? 0),
    0,
  );
}
