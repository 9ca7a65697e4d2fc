import { asFileUrl, guardedInputOptions } from '../../ffmpeg/input-options.ts';
import { readOutputLines } from '../../ffmpeg/program-run.ts';
import type { ProgramOptions } from '../../ffmpeg/programs.ts';

/** One packet of a file, as ffprobe tells it. */
export interface PacketFacts {
  readonly stream: number;
  /** In ticks of the stream; NaN where there is none. */
  readonly time: number;
  readonly sizeBytes: number;
  /** `K` for a key frame, `D` for one that is never shown. */
  readonly flags: string;
  /** CRC-32 of its bytes. */
  readonly checksum: number;
}

const entries = 'packet=stream_index,pts,size,flags,data_hash';

/** Every packet of a file, in the file's order; nothing is decoded. Takes the same memory for any length. */
export async function* packetsOf(
  path: string,
  sizeBytes: number,
  { programs, signal }: ProgramOptions,
): AsyncGenerator<PacketFacts> {
  const lines = readOutputLines({
    program: programs.ffprobe,
    arguments: [
      ...['-v', 'error', ...guardedInputOptions, '-show_entries', entries, '-show_data_hash', 'crc32'],
      ...['-of', 'compact=p=0', '-i', asFileUrl(path)],
    ],
    doing: 'Reading the finished video',
    workBytes: sizeBytes,
    target: null,
    signal,
  });
  for await (const line of lines) {
    const packet = parse(line);
    if (packet) yield packet;
  }
}

function parse(line: string): PacketFacts | null {
  const fields = new Map<string, string>();
  for (const field of line.split('|')) {
    const at = field.indexOf('=');
    if (at > 0) fields.set(field.slice(0, at), field.slice(at + 1));
  }
  const stream = fields.get('stream_index');
  if (stream === undefined) return null;
  return {
    stream: Number(stream),
    time: Number(fields.get('pts')),
    sizeBytes: Number(fields.get('size')),
    flags: fields.get('flags') ?? '',
    checksum: Number.parseInt((fields.get('data_hash') ?? '').replace(/^CRC32:/i, ''), 16),
  };
}
