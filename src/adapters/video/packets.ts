import { FfmpegChild } from '../ffmpeg/ffmpeg-child.ts';
import { asFileUrl } from '../ffmpeg/input-options.ts';
import { linesOf } from '../ffmpeg/lines-of.ts';
import { cannotRead, startFailed } from '../ffmpeg/program-failures.ts';
import { sourceOptions } from '../ffmpeg/source-options.ts';
import { ffmpegReason } from '../ffmpeg/unreadable-video.ts';

/** One packet of a stream, in the file's order. */
interface PacketFacts {
  /** Presentation time in ticks, or the decoding time where there is no other; null where there is none at all. */
  readonly time: number | null;
  readonly isKey: boolean;
  /** Only there to decode others: it is never shown. */
  readonly isDiscarded: boolean;
}

/**
 * Reads a stream's packets without decoding them, and without holding them.
 *
 * @param program - ffprobe.
 * @throws AppError `video-unreadable` when there is none.
 */
export async function* readPackets(
  program: string,
  path: string,
  stream: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<PacketFacts> {
  signal?.throwIfAborted();
  const questions = ['-select_streams', String(stream), '-show_entries', 'packet=pts,dts,flags'];
  const programArguments = ['-v', 'error', ...sourceOptions, ...questions, '-of', 'json=compact=1'];
  await using child = new FfmpegChild(program, [...programArguments, '-i', asFileUrl(path)], {
    hasInput: false,
    outputs: 1,
    signal,
  });
  let packets = 0;
  const [output] = child.outputs;
  for await (const line of output ? linesOf(output) : []) {
    const packet = parsePacket(line);
    if (!packet) continue;
    packets += 1;
    yield packet;
  }
  const end = await child.ended;
  signal?.throwIfAborted();
  if (end.startError) throw startFailed(program, end.startError);
  if (packets === 0) throw cannotRead(path, ffmpegReason(end.lastWords));
}

/** A line such as `{ "pts": 512, "dts": 0, "flags": "K_" },`; null for the lines around them. */
function parsePacket(line: string): PacketFacts | null {
  const flags = /"flags": "([^"]*)"/.exec(line)?.[1];
  if (flags === undefined) return null;
  return {
    time: numberIn(line, 'pts') ?? numberIn(line, 'dts'),
    isKey: flags.includes('K'),
    isDiscarded: flags.includes('D'),
  };
}

function numberIn(line: string, name: 'pts' | 'dts'): number | null {
  const text = new RegExp(`"${name}": (-?\\d+)`).exec(line)?.[1];
  return text === undefined ? null : Number(text);
}
