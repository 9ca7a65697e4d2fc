import { execFileSync } from 'node:child_process';

/** The colour in the middle of a video's first frame: red, green and blue. */
export function readMarker(path: string): readonly number[] {
  const frame = ['-frames:v', '1', '-vf', 'scale=1:1:flags=area', '-pix_fmt', 'rgb24', '-f', 'rawvideo', '-'];
  return [...execFileSync('ffmpeg', ['-nostdin', '-v', 'error', '-i', path, ...frame])];
}
