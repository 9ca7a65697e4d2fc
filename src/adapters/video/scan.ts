import { frameBytes } from '../../core/frames/frame-format.ts';
import type { AppError } from '../../errors/app-error.ts';
import type { ScanEnd, ScannedFrame } from '../../ports/video-tool.ts';
import { exactFrames } from '../ffmpeg/exact-frames.ts';
import { type ChildEnd, FfmpegChild } from '../ffmpeg/ffmpeg-child.ts';
import { cannotRead, framesFailed } from '../ffmpeg/program-failures.ts';
import { statSource } from '../ffmpeg/source-file.ts';
import { ffmpegReason } from '../ffmpeg/unreadable-video.ts';
import { DamageNotes } from './damage-notes.ts';
import { readFrameLines } from './frame-lines.ts';
import { missingFrames } from './missing-frames.ts';
import { pictureFormat, type ScanRequest, scanArguments } from './scan-command.ts';

/** Decodes every frame of a stream once, as the port {@link VideoTool} says. */
export async function* scanFrames(request: ScanRequest): AsyncGenerator<ScannedFrame, ScanEnd> {
  const { programs, path, stream, options, signal } = request;
  signal?.throwIfAborted();
  await statSource(path);
  const damage = new DamageNotes(stream.index);
  const seen = { frames: 0, time: 0 };
  await using child = new FfmpegChild(programs.ffmpeg, scanArguments(path, stream, options.withPictures), {
    hasInput: false,
    outputs: options.withPictures ? 2 : 1,
    signal,
    onErrorLine: (line) => damage.read(line, seen.frames),
  });
  const refuseDamage = () => {
    if (!damage.isEmpty && !options.keepGoing) throw damaged(request, damage, seen.time);
  };
  try {
    for await (const frame of pairedFrames(child, request)) {
      refuseDamage();
      // Frames that have come are there for a while after their program is gone.
      signal?.throwIfAborted();
      seen.frames += 1;
      seen.time = frame.time;
      yield frame;
    }
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
  const end = await child.ended;
  signal?.throwIfAborted();
  judgeEnd(request, end, seen.frames);
  if (end.exitCode !== 0) damage.add(ffmpegReason(end.lastWords));
  const missing = damage.isEmpty ? await missingFrames(request, seen.frames) : 0;
  if (missing > 0) damage.add(`${missing} frames cannot be decoded`);
  refuseDamage();
  return { damage: damage.isEmpty ? null : damage.toString() };
}

/** Lines and pictures come through two pipes, in the same order; both are read at once, so that neither blocks. */
async function* pairedFrames(
  child: FfmpegChild,
  { stream, options }: ScanRequest,
): AsyncGenerator<ScannedFrame> {
  const [lineOutput, pictureOutput] = child.outputs;
  if (!lineOutput) return;
  const lines = readFrameLines(lineOutput, stream.timeBase);
  const pictures = exactFrames(pictureOutput, {
    frameBytes: frameBytes(pictureFormat(stream)),
    isReused: true,
  });
  let expected = 0;
  for (;;) {
    const [line, picture] = await Promise.all([lines.next(), options.withPictures ? pictures.next() : null]);
    if (line.done || picture?.done) {
      // One that goes on alone would wait for a reader for ever.
      if (!line.done || picture?.done === false) await child.stop();
      return;
    }
    const { duration, hash } = line.value;
    const time = line.value.time ?? expected;
    expected = time + Math.max(1, duration);
    yield { time, duration, hash, picture: picture?.value ?? null };
  }
}

/** Tells a program that failed from a video without frames. */
function judgeEnd({ programs, path }: ScanRequest, end: ChildEnd, frames: number): void {
  if (end.startError || end.exitCode === null) throw framesFailed(programs.ffmpeg, 'Reading the video', end);
  if (frames === 0) throw cannotRead(path, ffmpegReason(end.lastWords));
}

function damaged({ path, stream }: ScanRequest, damage: DamageNotes, time: number): AppError {
  const { numerator, denominator } = stream.timeBase;
  const seconds = ((time * numerator) / denominator).toFixed(1);
  return cannotRead(
    path,
    `it is damaged near second ${seconds}; ffmpeg says "${damage.toString()}"`,
    'Get an undamaged file, or take what can be read of this one with --keep-going.',
  );
}
