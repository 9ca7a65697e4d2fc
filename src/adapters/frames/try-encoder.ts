import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encoderFacts } from '../../core/encoding/encoders.ts';
import { codecOf, encoderOf } from '../../core/encoding/encoding-settings.ts';
import { frameBytes } from '../../core/frames/frame-format.ts';
import { AppError } from '../../errors/app-error.ts';
import type { Clip, Encoding } from '../../protocol/segment.ts';
import { readSegmentSamples } from '../mp4/samples.ts';
import { FrameEncoder } from './frame-encoder.ts';

/** Enough that an encoder begins. No larger than the result: hardware takes no tiny pictures. */
const tried = { width: 256, height: 144, frames: 3 };

/**
 * Really encodes a few frames of the clip's format as a segment would be, and reads what came of it.
 *
 * @returns why that cannot be done here, to end a sentence; null where it can.
 * @throws AppError `prerequisite-missing` without ffmpeg; `disk-full`; the signal's reason.
 */
export async function tryEncoder(
  program: string,
  clip: Omit<Clip, 'source'>,
  encoding: Encoding,
  signal: AbortSignal,
): Promise<string | null> {
  const folder = await mkdtemp(join(tmpdir(), 'cosmos-encoder-'));
  const { frames } = tried;
  const width = Math.min(tried.width, clip.target.width);
  const height = Math.min(tried.height, clip.target.height);
  const target = { ...clip.target, width, height };
  const frame = { width, height, pixelFormat: target.pixel_format };
  const path = join(folder, 'tried.mp4');
  try {
    const request = { path, frame, clip: { ...clip, source: '', frame: target, target }, encoding };
    const encoder = new FrameEncoder(program, request, signal);
    for (let count = 0; count < frames; count += 1) await encoder.write(Buffer.alloc(frameBytes(frame), 64));
    await encoder.finish();
    await using file = await open(path, 'r');
    const { codec } = await readSegmentSamples(file, frames);
    return codec === codecOf(encoding) ? null : `it makes ${codec}`;
  } catch (error) {
    signal.throwIfAborted();
    const isRefusal = error instanceof AppError && error.code === 'frames-failed';
    if (!isRefusal) throw error;
    return reasonOf(error.message, encoderOf(encoding));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** What ffmpeg says last of hardware that is not there explains little. */
function reasonOf(message: string, encoder: string): string {
  const device = encoderFacts(encoder)?.device ?? 'cpu';
  const said = /said "(.*)"\.?$/s.exec(message)?.[1] ?? message;
  return device === 'cpu' ? said : `no usable ${device} was found (ffmpeg says "${said}")`;
}
