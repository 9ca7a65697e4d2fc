import { asFileUrl, guardedInputOptions } from '../../ffmpeg/input-options.ts';
import { readOutput } from '../../ffmpeg/program-run.ts';
import type { ProgramOptions } from '../../ffmpeg/programs.ts';
import { hashArguments } from './stream-hashes.ts';

/** A line with a hash for each of these streams of a file: of all packets, one after the other. */
export async function streamHashes(
  path: string,
  streams: readonly number[],
  { programs, signal }: ProgramOptions,
): Promise<string> {
  const hashed = streams.map((source) => ({ source, specifier: `${source}`, isAac: false }));
  return await readOutput({
    program: programs.ffmpeg,
    arguments: [
      ...['-nostdin', '-v', 'error', ...guardedInputOptions, '-i', asFileUrl(path)],
      ...hashArguments(hashed, ({ specifier }) => `0:${specifier}`),
    ],
    doing: 'Comparing uncompressed sound',
    workBytes: 0,
    target: null,
    signal,
  });
}
