import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import type { OutputContainer } from '../../core/frames/container-limits.ts';
import type { SoundTrial } from '../../core/frames/convert-sound.ts';
import type { OtherStreamFacts } from '../../core/frames/video-facts.ts';
import { diskFullIn } from '../../errors/system-error.ts';
import { lastLine } from '../ffmpeg/failures.ts';
import { askFfprobe } from '../ffmpeg/ffprobe.ts';
import { type FfmpegOptions, runFfmpeg } from '../ffmpeg/run-ffmpeg.ts';
import { asFileUrl, guardedInputOptions } from '../ffmpeg/source-file.ts';
import { muxerNames, soundOptions } from './assembly/skeleton-command.ts';
import { nameOrNull } from './stream-facts.ts';

/** Sound may begin late in a file that is to be read up to there. */
const limits = { timeoutMs: 600_000, maxStdoutBytes: 65_536 };
/** So many packets hold about a second, or less. */
const copiedPackets = '50';

const answerSchema = z.object({
  streams: z
    .array(
      z.object({
        channels: z.int().min(0).default(0),
        channel_layout: z.string().optional(),
        sample_rate: z.string().optional(),
      }),
    )
    .default([]),
});

interface SoundToTry {
  readonly path: string;
  readonly stream: OtherStreamFacts;
  readonly container: OutputContainer;
  readonly codec: string;
}

/** As `VideoTool.trySound` promises: really made, in a temporary folder. */
export async function trySound(sound: SoundToTry, options: FfmpegOptions): Promise<SoundTrial> {
  const folder = await mkdtemp(join(tmpdir(), 'cosmos-sound-'));
  try {
    return await makeAndRead(sound, join(folder, `sound.${sound.container}`), options);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function makeAndRead(sound: SoundToTry, target: string, options: FfmpegOptions): Promise<SoundTrial> {
  const { programs, signal } = options;
  const made = await runFfmpeg(programs.ffmpeg, trialArguments(sound, target), { ...limits, signal });
  const diskFull = diskFullIn(made.stderrTail, target);
  if (diskFull) throw diskFull;
  if (made.exitCode !== 0) return { failure: lastLine(made.stderrTail) || 'it could not be made' };
  const entries = 'stream=channels,channel_layout,sample_rate';
  const questions = ['-select_streams', 'a:0', '-show_entries', entries];
  const probing = { program: programs.ffprobe, timeoutMs: limits.timeoutMs, signal };
  const answer = await askFfprobe(target, questions, answerSchema, probing).catch(() => null);
  signal?.throwIfAborted();
  const [stream] = answer?.streams ?? [];
  if (!stream || stream.channels === 0) return { failure: 'nothing of it could be decoded' };
  const read = await runFfmpeg(programs.ffmpeg, hashArguments(target), { ...limits, signal });
  return {
    channels: stream.channels,
    layout: nameOrNull(stream.channel_layout),
    sampleRate: Number(stream.sample_rate) || 0,
    isEqual: read.exitCode === 0 && read.stdout.equals(made.stdout),
  };
}

/** A hash of the source's samples goes to stdout. */
function trialArguments({ path, stream, container, codec }: SoundToTry, target: string): readonly string[] {
  const map = ['-map', `0:${stream.index}`];
  const second = ['-af', 'atrim=duration=1'];
  const made =
    codec === 'copy'
      ? ['-c', 'copy', '-frames:a', copiedPackets]
      : [...second, ...soundOptions(codec, stream).flatMap(([name, value]) => [`${name}:a`, value])];
  return [
    ...['-nostdin', '-v', 'error', '-y', ...guardedInputOptions, '-i', asFileUrl(path)],
    ...[...map, ...made, '-map_metadata', '-1', '-map_chapters', '-1', '-bitexact'],
    ...['-strict', 'experimental', '-f', muxerNames[container], asFileUrl(target)],
    ...(codec === 'copy' ? [] : [...map, ...second, ...hashOutput]),
  ];
}

function hashArguments(target: string): readonly string[] {
  return ['-nostdin', '-v', 'error', ...guardedInputOptions, '-i', asFileUrl(target), ...hashOutput];
}

/** Longer than all samples that decoders give, so that none of them is rounded. */
const hashOutput = ['-c:a', 'pcm_f64le', '-f', 'hash', '-hash', 'md5', 'pipe:1'];
