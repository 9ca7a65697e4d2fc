import { execFileSync } from 'node:child_process';

/** Encoding changes colours a little. */
const tolerance = 12;

/** Whether the first frame of a video shows this colour (red, green and blue). @throws Error for one that cannot be read. */
export function isMarked(path: string, color: readonly number[]): boolean {
  const frame = ['-frames:v', '1', '-vf', 'scale=1:1:flags=area', '-pix_fmt', 'rgb24', '-f', 'rawvideo', '-'];
  const seen = execFileSync('ffmpeg', ['-nostdin', '-v', 'error', '-i', path, ...frame]);
  return seen.length === 3 && color.every((part, index) => Math.abs((seen[index] ?? 999) - part) < tolerance);
}
