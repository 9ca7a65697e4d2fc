import { copyFile, mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { AssemblyRequest } from '../../../../../src/ports/video-tool.ts';
import { makeRequest, sha256Of } from './assembly-rig.ts';
import { ffmpeg } from './ffmpeg-runs.ts';

/** A request for the same film each time, with segments of its own, because each case uses them up. */
export type FreshRequest = (name: string, output: string) => Promise<AssemblyRequest>;

/** Makes a film of noise, which is what fills files, with segments of four frames. */
export async function noisyFilm(folder: string): Promise<FreshRequest> {
  const source = join(folder, 'source.mkv');
  await ffmpeg(
    ...['-f', 'lavfi', '-i', 'color=gray:s=96x54:r=25:d=2,noise=alls=60:allf=t:all_seed=1'],
    ...['-f', 'lavfi', '-i', 'sine=d=2', '-map', '0', '-map', '1', '-c:v', 'libx264', '-preset', 'ultrafast'],
    ...['-c:a', 'aac', source],
  );
  const options = { framesPerSegment: 4, encoding: ['-crf', '10'] };
  const pattern = await makeRequest(source, 'nowhere.mp4', folder, options);
  const hashes = await Promise.all(pattern.segments.map(({ path }) => sha256Of(path)));
  return async (name, output) => {
    const own = join(folder, name);
    await mkdir(join(own, 'segments'), { recursive: true });
    await mkdir(join(own, 'out'));
    const segments = pattern.segments.map(({ path, frames }, index) => {
      const copy = join(own, 'segments', basename(path));
      return { path: copy, frames, sha256: hashes[index] ?? '' };
    });
    const request = { ...pattern, segments, workFolder: join(own, 'work') };
    for (const index of segments.keys()) await makeAgain(request, index, pattern);
    return { ...request, outputPath: join(own, 'out', output) };
  };
}

/** Puts a segment where it was, as another run of its worker does. */
export async function makeAgain(
  request: Pick<AssemblyRequest, 'segments'>,
  index: number,
  pattern: Pick<AssemblyRequest, 'segments'>,
): Promise<void> {
  await copyFile(pattern.segments[index]?.path ?? '', request.segments[index]?.path ?? '');
}
