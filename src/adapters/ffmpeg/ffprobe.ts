import type { z } from 'zod';
import { parseJsonAs } from '../../core/json.ts';
import { reasonInStderr, unreadableVideo } from './failures.ts';
import { LargePictureError, mostPixels, refusedSize } from './picture-limits.ts';
import { type FfmpegOptions, readLines, runFfmpeg } from './run-ffmpeg.ts';
import { guardedInputOptions, sourceInput, sourceOptions } from './source-file.ts';

export interface FfprobeOptions {
  readonly program: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
  /** {@link sourceOptions} unless given. */
  readonly inputOptions?: readonly string[];
  readonly startFailureCode?: 'frames-failed' | 'hint-failed';
}

/** Tags of many streams and chapters fit into this. */
const maxAnswerBytes = 16 * 1024 * 1024;

/**
 * Asks ffprobe for entries of a file.
 *
 * @throws AppError `video-unreadable` when it has no answer, or one of another shape than `schema`.
 */
export async function askFfprobe<T>(
  path: string,
  questions: readonly string[],
  schema: z.ZodType<T>,
  { program, inputOptions = sourceOptions, ...options }: FfprobeOptions,
): Promise<T> {
  const programArguments = [
    ...['-v', 'error', ...inputOptions, ...questions],
    ...['-of', 'json', ...sourceInput(path)],
  ];
  const outcome = await runFfmpeg(program, programArguments, { ...options, maxStdoutBytes: maxAnswerBytes });
  if (outcome.isTimedOut)
    throw unreadableVideo(path, `reading it took more than ${options.timeoutMs / 1000} s`);
  const tooLarge = refusedSize(outcome.stderrTail);
  if (tooLarge) throw new LargePictureError(path, tooLarge, mostPixels);
  if (outcome.exitCode !== 0) throw unreadableVideo(path, reasonInStderr(outcome.stderrTail));
  const answer = parseJsonAs(schema, outcome.stdout);
  if (answer === null) throw unreadableVideo(path, 'the output of ffprobe makes no sense');
  return answer;
}

export interface PacketFacts {
  readonly stream: number;
  /** When it is shown, in ticks of the stream, or when it is decoded where nothing else is known; else NaN. */
  readonly time: number;
  readonly sizeBytes: number;
  /** `K` for a key frame, `D` for a packet that is only there to decode others and never shown. */
  readonly flags: string;
  /** CRC-32 of its bytes; NaN where only times were asked for. */
  readonly checksum: number;
  /** When it is decoded and shown, and how long, in seconds; NaN where the file does not say. */
  readonly decodeSeconds: number;
  readonly shownSeconds: number;
  readonly durationSeconds: number;
  /** Where it lies in the file, in bytes; NaN where that is not known, or contents were asked for. */
  readonly position: number;
  /** How long it lasts, in ticks of the stream; NaN where the file does not say, or contents were asked for. */
  readonly duration: number;
}

interface PacketsRequest {
  readonly path: string;
  /** Size of the file: it bounds the time this may take. */
  readonly sizeBytes: number;
  /** Number of the only stream whose packets are read; all unless given. */
  readonly stream?: number;
  readonly what: 'times' | 'contents';
  /** Takes each complaint about the file. */
  readonly onErrorLine?: (line: string) => void;
}

/** Packets of a file, in the file's order; nothing is decoded. Takes the same memory for any length. */
export async function* readPackets(
  { path, sizeBytes, stream, what, onErrorLine }: PacketsRequest,
  options: FfmpegOptions,
): AsyncGenerator<PacketFacts> {
  const isTimes = what === 'times';
  const lines = readLines({
    ...options,
    program: 'ffprobe',
    arguments: [
      ...['-v', 'error', ...(isTimes ? sourceOptions : guardedInputOptions)],
      ...(stream === undefined ? [] : ['-select_streams', String(stream)]),
      ...[
        '-show_entries',
        `packet=stream_index,pts,pts_time,dts_time,duration_time,size,flags,${isTimes ? 'dts,duration,pos' : 'data_hash'}`,
      ],
      ...(isTimes ? [] : ['-show_data_hash', 'crc32']),
      ...['-of', 'compact=p=0', ...sourceInput(path)],
    ],
    doing: 'Reading the packets of the video',
    workBytes: sizeBytes,
    ...(onErrorLine && { onErrorLine }),
  });
  for await (const line of lines) {
    const packet = parsePacket(line);
    if (packet) yield packet;
  }
}

/** A line such as `stream_index=0|pts=512|dts=0|size=90|flags=K_`; null for any other line. */
function parsePacket(line: string): PacketFacts | null {
  const fields = new Map<string, string>();
  for (const field of line.split('|')) {
    const at = field.indexOf('=');
    if (at > 0) fields.set(field.slice(0, at), field.slice(at + 1));
  }
  const stream = fields.get('stream_index');
  if (stream === undefined) return null;
  const shown = Number(fields.get('pts'));
  return {
    stream: Number(stream),
    time: Number.isNaN(shown) ? Number(fields.get('dts')) : shown,
    sizeBytes: Number(fields.get('size')),
    flags: fields.get('flags') ?? '',
    checksum: Number.parseInt((fields.get('data_hash') ?? '').replace(/^CRC32:/i, ''), 16),
    decodeSeconds: Number(fields.get('dts_time')),
    shownSeconds: Number(fields.get('pts_time')),
    durationSeconds: Number(fields.get('duration_time')),
    position: Number(fields.get('pos')),
    duration: Number(fields.get('duration')),
  };
}

/** Seconds of `00:00:01.500000000`, as Matroska notes lengths; null for anything else, and for none. */
export function clockTime(text: string | undefined): number | null {
  const match = /^(\d+):(\d+):(\d+(?:\.\d+)?)$/.exec(text ?? '');
  const seconds = Number(match?.[1]) * 3600 + Number(match?.[2]) * 60 + Number(match?.[3]);
  return seconds > 0 ? seconds : null;
}
