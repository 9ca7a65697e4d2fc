import { z } from 'zod';
import { asFileUrl, guardedInputOptions } from '../../ffmpeg/input-options.ts';
import { type ProgramRun, readOutput } from '../../ffmpeg/program-run.ts';

const streamSchema = z.object({
  index: z.int().min(0),
  codec_type: z.string().default('unknown'),
  disposition: z.record(z.string(), z.number()).default({}),
  tags: z.record(z.string(), z.string()).default({}),
});
const answerSchema = z.object({ streams: z.array(streamSchema).default([]) });

/** What a stream of a file is marked with. */
export interface StreamMarks {
  readonly index: number;
  /** ffmpeg's word, such as `audio`. */
  readonly type: string;
  /** Names of what it is said to be, such as `default` or `forced`. */
  readonly dispositions: readonly string[];
  readonly tagNames: readonly string[];
  /** Of an attached file; null for anything else. */
  readonly fileName: string | null;
}

/** What the streams of a file are marked with, in the file's order. */
export async function readStreamMarks(
  path: string,
  program: string,
  signal: AbortSignal | undefined,
): Promise<readonly StreamMarks[]> {
  const run: ProgramRun = {
    program,
    arguments: [
      ...['-v', 'error', ...guardedInputOptions],
      ...['-show_entries', 'stream=index,codec_type:stream_disposition:stream_tags'],
      ...['-of', 'json', '-i', asFileUrl(path)],
    ],
    doing: 'Reading what streams the video has',
    workBytes: 0,
    target: null,
    signal,
  };
  const { streams } = answerSchema.parse(JSON.parse(await readOutput(run)));
  return streams.map(({ index, codec_type, disposition, tags }) => ({
    index,
    type: codec_type,
    dispositions: Object.keys(disposition).filter((name) => disposition[name] === 1),
    tagNames: Object.keys(tags),
    fileName: tags['filename'] ?? null,
  }));
}
