import { createHash } from 'node:crypto';
import { AppError, messageOf } from '../../../../errors/app-error.ts';
import type { MediaTool, RgbFrame } from '../../../../ports/media-tool.ts';
import { EngineError } from '../../../tasks/engine-error.ts';
import type { Engine, PromptRequest, UpsampleAnswer } from '../../engine.ts';
import { type Measures, measure } from './measure.ts';
import { createWriter } from './phrases.ts';
import { clipSentences, directionSentences, type MeasuredClip } from './sentences.ts';
import { claimsOf, countWords, toSentence } from './user-words.ts';

/** Name and version of the wording: a change of measures or phrases is a new version. */
const describeModel = 'describe-3';

/**
 * The embedded engine: no model, no network. It measures a hint's frames (light, contrast, color, detail,
 * composition, motion) and writes them as a paragraph after the user's words.
 *
 * The answer depends on the frames' bytes, their kind and the prompt only, so the same input gives the same text on every
 * machine and at every attempt. `maxOutputTokens` does not apply: the length is bounded by the wording.
 */
export function createDescribeEngine(media: MediaTool): Engine {
  // By path, which is named by content. Many prompts share a video, and decoding starts a process.
  const hints = new Map<string, Promise<Hint>>();
  const readHint = async (path: string, signal: AbortSignal): Promise<Hint> => {
    signal.throwIfAborted();
    const shared = hints.get(path);
    // What ended another prompt's attempt, such as its abort, need not end this one's.
    if (shared) return (await shared.catch(() => null)) ?? (await readHint(path, signal));
    if (hints.size >= mostHints) hints.clear();
    const reading = measureHint(media, path, signal);
    hints.set(path, reading);
    try {
      return await reading;
    } catch (cause) {
      hints.delete(path);
      signal.throwIfAborted();
      throw classify(path, cause);
    }
  };
  return {
    start: async (signal) => signal.throwIfAborted(),
    prepare: async (request) => async (_attempt, signal) => {
      const hint = request.hintPath === null ? null : await readHint(request.hintPath, signal);
      signal.throwIfAborted();
      return answer(request, hint);
    },
    stop: async () => undefined,
  };
}

/** How many hints are remembered. */
const mostHints = 16;

interface Hint {
  readonly frames: number;
  /** Hash of the frames' sizes and bytes. */
  readonly digest: Buffer;
  readonly measures: Measures;
}

async function measureHint(media: MediaTool, path: string, signal: AbortSignal): Promise<Hint> {
  const [first, ...rest] = (await media.readRgbFrames(path, signal)).filter(isWhole);
  if (!first) throw unreadable(`The hint ${path} has no readable frame.`, undefined);
  const frames = [first, ...rest] as const;
  return { frames: frames.length, digest: digestOf(frames), measures: measure(frames) };
}

/** A missing tool ends everything, a full disk may pass, and anything else is the hint's own fault. */
function classify(hintPath: string, cause: unknown): EngineError {
  if (cause instanceof EngineError) return cause;
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

/** Sizes are hashed with the bytes, so that no two different inputs run together. */
function digestOf(frames: readonly RgbFrame[]): Buffer {
  const hash = createHash('sha256');
  for (const { width, height, data } of frames) hash.update(`${width}x${height}\0`).update(data);
  return hash.digest();
}

function answer({ prompt, kind = 'video' }: PromptRequest, hint: Hint | null): UpsampleAnswer {
  const seed = createHash('sha512').update(`${describeModel}\0${kind}\0${prompt}\0`);
  if (hint) seed.update(hint.digest);
  return {
    text: composeText(prompt, hint && { kind, measures: hint.measures }, seed.digest()),
    framesUsed: hint?.frames ?? 0,
    model: describeModel,
    promptTokens: null,
    outputTokens: null,
    finishReason: 'stop',
  };
}

/**
 * Writes the enriched prompt: the user's words first, whole, then what was measured, as one paragraph in the present
 * tense.
 *
 * Up to 60 words of the user's own, the paragraph has 60 to 110 words. A longer prompt gets 40 to 60 more.
 *
 * @param clip - Null for a prompt without a hint, which gets direction only.
 * @param seed - Chooses among equally good wordings: the same bytes give the same text.
 */
export function composeText(prompt: string, clip: MeasuredClip | null, seed: Uint8Array): string {
  const words = toSentence(prompt);
  const claims = claimsOf(prompt);
  const write = createWriter(seed);
  const seen = clip ? clipSentences(clip, claims, write) : [];
  const sentences = selectWithin(countWords(words), seen, directionSentences(clip !== null, claims, write));
  const added = sentences.join(' ');
  return `${words} ${claims.spelling === 'british' ? toBritish(added) : added}`.trim();
}

/** All that was seen, as far as there is room, and direction where that is too short. */
function selectWithin(ownWords: number, seen: readonly string[], direction: readonly string[]): string[] {
  const room = ownWords <= 60 ? 110 - ownWords : 60;
  const least = Math.max(40, 60 - ownWords);
  const kept: string[] = [];
  let used = 0;
  const add = (sentence: string) => {
    const words = countWords(sentence);
    if (used + words > room) return;
    kept.push(sentence);
    used += words;
  };
  for (const sentence of seen) add(sentence);
  for (const sentence of direction) if (used < least) add(sentence);
  return kept;
}

function toBritish(text: string): string {
  return text
    .replace(/\b([Cc])olor/g, '$1olour')
    .replace(/\bcenter/g, 'centre')
    .replace(/\b([Gg])ray/g, '$1rey');
}
