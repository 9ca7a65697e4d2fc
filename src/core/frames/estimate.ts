import type { Size } from '../hints/display-size.ts';

export interface VideoAmount {
  readonly frames: number;
  readonly uniqueFrames: number;
  /** Of the source as the engine gets it. */
  readonly frame: Size;
  readonly target: Size;
  /** What the other streams take, about: the whole source is a safe guess. */
  readonly otherBytes: number;
  readonly segments: number;
}

/** Measured speeds of the stages, which run at the same time; null where nothing was measured. */
export interface VideoRates {
  /** Pixels of source frames per second. */
  readonly decode: number | null;
  /** Pixels of results per second, all lanes together. */
  readonly upscale: number | null;
  /** Pixels of results per second. */
  readonly encode: number | null;
  /** Bits of the encoded video per pixel of a frame that shows something new. */
  readonly bitsPerPixel: number | null;
  /** Milliseconds that a segment costs besides its frames. */
  readonly segmentMs: number;
}

/** What a run is expected to need; null where it is not known. */
export interface VideoEstimate {
  readonly durationMs: number | null;
  /** Size of the finished video. */
  readonly outputBytes: number | null;
  /** The most that is on the disk at once besides the source. */
  readonly peakBytes: number | null;
}

/** A segment and its copy are both on the disk while it is appended; the slack is for tables and what is under way. */
const peakSlack = 1.05;
/** What a duplicate costs the encoder, in frames that show something new: next to nothing, but not nothing. */
const duplicateCost = 0.1;

/** Expected time and disk of an upscale run: the slowest stage decides, for the stages overlap. */
export function estimateVideo(amount: VideoAmount, rates: VideoRates): VideoEstimate {
  const { uniqueFrames, frames, segments, otherBytes } = amount;
  const framePixels = pixelsOf(amount.frame);
  const targetPixels = pixelsOf(amount.target);
  const encoded = uniqueFrames + duplicateCost * (frames - uniqueFrames);
  const stages = [
    secondsOf(frames * framePixels, rates.decode),
    secondsOf(uniqueFrames * targetPixels, rates.upscale),
    secondsOf(encoded * targetPixels, rates.encode),
  ];
  const known = stages.filter((seconds) => seconds !== null);
  const videoBytes = rates.bitsPerPixel === null ? null : (encoded * targetPixels * rates.bitsPerPixel) / 8;
  const outputBytes = videoBytes === null ? null : Math.round(videoBytes + otherBytes);
  const segmentBytes = videoBytes === null ? 0 : videoBytes / Math.max(1, segments);
  return {
    // One stage that is not known may be the slowest.
    durationMs:
      known.length < stages.length
        ? null
        : Math.round(1000 * Math.max(...known) + segments * rates.segmentMs),
    outputBytes,
    peakBytes: outputBytes === null ? null : Math.round(peakSlack * outputBytes + segmentBytes),
  };
}

/** Programs that are started one after the other, whatever the video. */
const finishBaseMs = 1_000;
/** Packets are written, read back and compared. */
const packetMs = 0.06;
/** The first frames and those from the last key frame on are decoded. */
const decodedFrames = 274;
const decodedPixelsPerMs = 150_000;

/** About how long putting a video together and verifying it takes, in milliseconds: a guess from measured rates. */
export function expectedFinishMs(frames: number, target: Size): number {
  const decodedMs = (Math.min(frames, decodedFrames) * pixelsOf(target)) / decodedPixelsPerMs;
  return Math.round(finishBaseMs + frames * packetMs + decodedMs);
}

function pixelsOf({ width, height }: Size): number {
  return width * height;
}

function secondsOf(pixels: number, pixelsPerSecond: number | null): number | null {
  return pixelsPerSecond === null || pixelsPerSecond <= 0 ? null : pixels / pixelsPerSecond;
}
