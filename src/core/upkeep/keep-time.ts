const unitsMs = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;

/** Longest time that is understood, in milliseconds: ten years. */
const maxMs = 10 * 365 * unitsMs.d;

/** A time as people write it, in milliseconds: `7d`, `12h`, `30m`, `90s`, `2w`, or `0`; null for anything else. */
export function parseKeepTime(text: string): number | null {
  if (text.trim() === '0') return 0;
  const [, count = '', unit = ''] = /^\s*(\d{1,6}(?:\.\d{1,3})?)\s*([smhdw])\s*$/.exec(text) ?? [];
  const unitMs = Object.hasOwn(unitsMs, unit) ? unitsMs[unit as keyof typeof unitsMs] : null;
  if (unitMs === null) return null;
  const ms = Math.round(Number(count) * unitMs);
  return ms <= maxMs ? ms : null;
}
