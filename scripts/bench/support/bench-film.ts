import { join } from 'node:path';
import { makeClip } from '../../../test/support/clips.ts';

/** A film that is upscaled. */
export interface BenchFilm {
  readonly path: string;
  readonly width: number;
  readonly height: number;
  readonly seconds: number;
}

/** Frames per second of all films. */
export const filmRate = 24;

/** A film with moving shapes, a little grain and a sound, in ordinary H.264. */
export async function makeBenchFilm(folder: string, film: Omit<BenchFilm, 'path'>): Promise<BenchFilm> {
  const { width, height, seconds } = film;
  const path = join(folder, `film-${width}x${height}-${seconds}.mp4`);
  const picture = `scale=${width}:${height},noise=alls=6:allf=t:all_seed=1`;
  await makeClip(path, {
    ...film,
    fps: filmRate,
    audio: true,
    outputOptions: ['-vf', picture, '-preset', 'veryfast', '-crf', '22', '-g', '48'],
  });
  return { path, ...film };
}
