/** A count for people: `12,345`. */
export function numeral(count: number): string {
  return count.toLocaleString('en-US');
}

/** `1 spec`, `2 specs`. */
export function counted(count: number, singular: string, plural: string = `${singular}s`): string {
  return `${numeral(count)} ${count === 1 ? singular : plural}`;
}

/** A duration for people: `0.8 s`, `42 s`, `3 min 5 s`, `2 h 4 min`. */
export function durationText(ms: number): string {
  const seconds = ms / 1000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.round((whole % 3600) / 60)} min`;
}

/** A speed for people: `35 fps`, `3.4 fps`, `0.25 fps`. */
export function rateText(framesPerSecond: number): string {
  const digits = framesPerSecond >= 10 ? 0 : framesPerSecond >= 1 ? 1 : 2;
  return `${numeral(Number(framesPerSecond.toFixed(digits)))} fps`;
}

/** How many times as fast as a video plays: `12x`, `1.5x`, `0.25x`. */
export function realtimeText(realtime: number): string {
  const digits = realtime >= 10 ? 0 : realtime >= 1 ? 1 : 2;
  return `${numeral(Number(realtime.toFixed(digits)))}x`;
}

/** A size for people, in powers of 1024: `0 B`, `812 KiB`, `1.4 GiB`. */
export function bytesText(bytes: number): string {
  const power = bytes < 1024 ? 0 : Math.min(sizeUnits.length - 1, Math.floor(Math.log2(bytes) / 10));
  const value = bytes / 1024 ** power;
  const digits = power === 0 || value >= 100 ? 0 : 1;
  return `${value.toFixed(digits)} ${sizeUnits[power] ?? 'B'}`;
}

const sizeUnits = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;

/** `14:03:11`, by this machine's clock and time zone. */
export function clockText(iso: string): string {
  return new Date(iso).toTimeString().slice(0, 8);
}
