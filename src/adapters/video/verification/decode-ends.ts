import { readLines } from '../../ffmpeg/run-ffmpeg.ts';
import { asFileUrl, guardedInputOptions } from '../../ffmpeg/source-file.ts';
import { secondsSinceFirst } from '../../muxing/presentation.ts';
import { type FileStream, tickSecondsOf } from './file-facts.ts';
import { InvalidOutputError, type Verification } from './verification.ts';

/** Enough to know that it plays. */
const maxFirstFrames = 24;

/** What is decoded: all frames from a time on, or so many of them. */
interface Stretch {
  readonly seconds: number;
  readonly frames: number;
  readonly isToTheEnd: boolean;
}

/** Decodes the beginning, and everything from the last key frame on. */
export async function expectDecodable(verification: Verification, stream: FileStream): Promise<void> {
  const { firstSeconds, presentation, table } = verification;
  const { keys, ranks } = table;
  const secondKey = keys.indexOf(1, 1);
  const frames = Math.min(maxFirstFrames, secondKey === -1 ? keys.length : secondKey);
  await expectFrames(verification, stream, { seconds: firstSeconds, frames, isToTheEnd: false });
  const lastKey = keys.lastIndexOf(1);
  if (lastKey <= 0) return;
  const seconds = firstSeconds + secondsSinceFirst(presentation, ranks[lastKey] ?? 0);
  await expectFrames(verification, stream, { seconds, frames: keys.length - lastKey, isToTheEnd: true });
}

async function expectFrames(verification: Verification, stream: FileStream, wanted: Stretch): Promise<void> {
  const { partPath, options } = verification;
  const tickSeconds = tickSecondsOf(stream);
  const lines = readLines({
    ...options,
    program: 'ffmpeg',
    arguments: decodeArguments(partPath, stream, wanted),
    doing: 'Decoding the finished video',
  });
  let frames = 0;
  for await (const line of lines) {
    // Number of the stream, times of decoding and of showing, and more.
    const time = /^\d+,[^,]*,([^,]*),/.exec(line)?.[1];
    // A seek may go to an earlier key frame; what is shown from there is none of this stretch.
    if (time !== undefined && Number(time) * tickSeconds > wanted.seconds - 0.001) frames += 1;
  }
  if (frames === wanted.frames) return;
  throw new InvalidOutputError(
    `${frames} frames can be decoded from ${wanted.seconds.toFixed(1)} s on instead of ${wanted.frames}`,
  );
}

function decodeArguments(path: string, stream: FileStream, wanted: Stretch): readonly string[] {
  return [
    ...['-nostdin', '-v', 'error', '-xerror', '-copyts'],
    ...(wanted.isToTheEnd ? ['-ss', wanted.seconds.toFixed(6), '-noaccurate_seek'] : []),
    ...[...guardedInputOptions, '-i', asFileUrl(path), '-map', `0:${stream.index}`],
    ...['-fps_mode', 'passthrough', '-enc_time_base', stream.time_base],
    ...(wanted.isToTheEnd ? [] : ['-frames:v', String(wanted.frames)]),
    ...['-f', 'framecrc', 'pipe:1'],
  ];
}
