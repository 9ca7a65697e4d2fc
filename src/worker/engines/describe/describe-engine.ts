import { createHash } from 'node:crypto';
import { AppError, messageOf } from '../../../errors/app-error.ts';
import type { MediaTool, RgbFrame } from '../../../ports/media-tool.ts';
import { type Engine, EngineError, type UpsampleAnswer, type UpsampleRequest } from '../engine.ts';
import { createChooser } from './compose/chooser.ts';
import { composeText } from './compose/compose.ts';
import { type Facts, judge } from './facts.ts';
import { FrameCache } from './frame-cache.ts';
import { measureFrames } from './measure/measure.ts';

/** Name and version of the wording: a change of measures or phrases is a new version. */
export const describeModel = 'describe-2';

/**
 * The embedded engine: no model, no network. It measures a hint's frames (light, contrast, color, detail,
 * composition, motion) and writes them as a paragraph after the user's words.
 *
 * The answer depends on the frames' bytes, their kind and the prompt only, so the same input gives the same text on every
 * machine and at every attempt. `maxOutputTokens` does not apply: the length is bounded by the wording.
 */
export function createDescribeEngine(media: MediaTool): Engine {
  const cache = new FrameCache(media);
  return {
    start: async (signal) => signal.throwIfAborted(),
    upsample: async (request, signal) => {
      signal.throwIfAborted();
      if (request.hintPath === null) return answer(request, []);
      const frames = await readFrames(cache, request.hintPath, signal);
      signal.throwIfAborted();
      return answer(request, frames);
    },
    stop: async () => undefined,
  };
}

async function readFrames(
  cache: FrameCache,
  hintPath: string,
  signal: AbortSignal,
): Promise<readonly RgbFrame[]> {
  let frames: readonly RgbFrame[];
  try {
    frames = await cache.read(hintPath, signal);
  } catch (cause) {
    signal.throwIfAborted();
    throw classify(hintPath, cause);
  }
  const whole = frames.filter(isWhole);
  if (whole.length === 0) throw unreadable(`The hint ${hintPath} has no readable frame.`, undefined);
  return whole;
}

/** A missing tool ends everything, a full disk may pass, and anything else is the hint's own fault. */
function classify(hintPath: string, cause: unknown): EngineError {
  const isAppError = cause instanceof AppError;
  if (isAppError && cause.code === 'prerequisite-missing') {
    return new EngineError({ code: 'engine-failed', class: 'fatal', message: cause.message, cause });
  }
  if (isAppError && cause.isRetryable) {
    return new EngineError({ code: 'engine-failed', class: 'transient', message: cause.message, cause });
  }
  return unreadable(`The hint ${hintPath} cannot be read: ${messageOf(cause)}`, cause);
}

function unreadable(message: string, cause: unknown): EngineError {
  return new EngineError({ code: 'hint-unreadable', class: 'permanent', message, cause });
}

function isWhole({ width, height, data }: RgbFrame): boolean {
  return width > 0 && height > 0 && data.length >= width * height * 3;
}

function answer({ prompt, kind }: UpsampleRequest, frames: readonly RgbFrame[]): UpsampleAnswer {
  return {
    text: composeText(prompt, judgeFrames(frames, kind), createChooser(seedOf(prompt, frames))),
    framesUsed: frames.length,
    model: describeModel,
    promptTokens: null,
    outputTokens: null,
    finishReason: 'stop',
  };
}

function judgeFrames([first, ...rest]: readonly RgbFrame[], kind: UpsampleRequest['kind']): Facts | null {
  return first ? judge(measureFrames([first, ...rest]), kind) : null;
}

/** Sizes are hashed with the bytes, so that no two different inputs run together. */
function seedOf(prompt: string, frames: readonly RgbFrame[]): Uint8Array {
  const hash = createHash('sha256').update(`${describeModel}\0${Buffer.byteLength(prompt)}\0${prompt}`);
  for (const { width, height, data } of frames) hash.update(`\0${width}x${height}\0`).update(data);
  return hash.digest();
}
