import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Runs ffmpeg, quietly; its stdout. */
export async function ffmpeg(...programArguments: readonly string[]): Promise<string> {
  const { stdout } = await run('ffmpeg', ['-nostdin', '-v', 'error', '-y', ...programArguments], {
    maxBuffer: 2 ** 28,
  });
  return stdout;
}

/** What ffprobe says, as JSON. */
export async function ffprobe(path: string, ...programArguments: readonly string[]): Promise<Probe> {
  const { stdout } = await run('ffprobe', ['-v', 'error', '-of', 'json', ...programArguments, path], {
    maxBuffer: 2 ** 28,
  });
  return JSON.parse(stdout);
}

export interface ProbedStream {
  readonly index: number;
  readonly codec_type: string;
  readonly codec_name?: string;
  readonly codec_tag_string: string;
  readonly width: number;
  readonly height: number;
  readonly pix_fmt: string;
  readonly time_base: string;
  readonly avg_frame_rate: string;
  readonly start_time: string;
  readonly duration?: string;
  readonly sample_aspect_ratio?: string;
  readonly color_range?: string;
  readonly color_space?: string;
  readonly color_transfer?: string;
  readonly color_primaries?: string;
  readonly disposition: Readonly<Record<string, number>>;
  readonly tags?: Readonly<Record<string, string>>;
  readonly side_data_list?: readonly { readonly rotation?: number }[];
}

export interface ProbedPacket {
  readonly stream_index: number;
  readonly pts: number;
  readonly pts_time: string;
  readonly dts?: number;
  readonly duration?: number;
  readonly size: string;
  readonly flags: string;
}

export interface Probe {
  readonly streams: readonly ProbedStream[];
  readonly packets: readonly ProbedPacket[];
  readonly chapters: readonly {
    readonly start_time: string;
    readonly end_time: string;
    readonly tags?: Readonly<Record<string, string>>;
  }[];
  readonly format: {
    readonly format_name: string;
    readonly size: string;
    readonly start_time: string;
    readonly duration: string;
    readonly tags?: Readonly<Record<string, string>>;
  };
}

/** A hash of each decoded frame of the upscaled video, in the order of showing. */
export async function pictureHashes(...paths: readonly string[]): Promise<readonly string[]> {
  const hashes: string[] = [];
  for (const path of paths) {
    const text = await ffmpeg(
      ...[
        '-xerror',
        '-noautorotate',
        '-i',
        path,
        '-map',
        '0:V:0',
        '-fps_mode',
        'passthrough',
        '-enc_time_base',
        '1/90000',
      ],
      ...['-f', 'framehash', '-hash', 'murmur3', '-'],
    );
    hashes.push(
      ...text
        .split('\n')
        .filter((line) => /^\d/.test(line))
        .map((line) => line.split(',')[5]?.trim() ?? ''),
    );
  }
  return hashes;
}

/** One hash for all packets of each stream of a type. */
export async function streamHashes(path: string, type: 'a' | 's'): Promise<readonly string[]> {
  const text = await ffmpeg(
    '-i',
    path,
    '-map',
    `0:${type}`,
    '-c',
    'copy',
    '-f',
    'streamhash',
    '-hash',
    'md5',
    '-',
  );
  return text
    .trim()
    .split('\n')
    .map((line) => line.split(',')[2] ?? '');
}
