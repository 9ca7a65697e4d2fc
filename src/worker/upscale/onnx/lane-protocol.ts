import { z } from 'zod';

/*
 * What a worker and its lanes say to each other. Both are the same program of the same version, so nothing of this is
 * versioned or stored. Integers are 32 bits, little-endian.
 *
 * The worker writes: number of frames; the frames, raw.
 * The lane answers:  kind, number of frames; the frames, raw.
 *               or:  kind, length in bytes; that much JSON.
 * Before anything is asked, the lane says what it is.
 */

/** Bytes before the frames that the worker writes. */
export const requestHeaderBytes = 4;
/** Bytes before what the lane answers. */
export const answerHeaderBytes = 8;
export const answerKinds = { facts: 1, frames: 2, failure: 3 } as const;

export const laneOptionsSchema = z.object({
  modelPath: z.string(),
  width: z.int().min(1),
  height: z.int().min(1),
  pixelFormat: z.enum(['rgb24', 'rgb48le']),
  batchSize: z.int().min(1),
  tile: z.int().min(0),
  /** Which of several GPUs it takes: lane by lane, around. */
  lane: z.int().min(0),
  /** Threads of its own for computing. */
  threads: z.int().min(1),
});

export const laneFactsSchema = z.object({
  provider: z.enum(['cuda', 'cpu']),
  /** How many times larger the model makes frames. */
  scale: z.int().min(1),
  /** Frames that the model takes at once; null: as many as it is given. */
  batch: z.int().min(1).nullable(),
  /** The only sides of windows that the model takes, in pixels; null: any. */
  fixed: z.object({ width: z.int().nullable(), height: z.int().nullable() }),
  /** Sides of windows are multiples of this. */
  alignment: z.int().min(1),
  /** How far the model looks around a pixel; null: not known. */
  radius: z.int().nullable(),
  padding: z.int().min(0),
  /** What a person should know: a GPU that could not be used, a padding that is less than the radius. */
  notes: z.array(z.string()),
});

/**
 * Why a lane can do nothing.
 * - `model`: this model will never do.
 * - `runtime`: ONNX Runtime is missing.
 */
export const laneFailureSchema = z.object({
  reason: z.enum(['model', 'runtime', 'out-of-memory', 'failed']),
  message: z.string(),
});

export type LaneOptions = z.infer<typeof laneOptionsSchema>;
export type OnnxLaneFacts = z.infer<typeof laneFactsSchema>;

export type LaneAnswer =
  | { readonly kind: 'frames'; readonly frames: Uint8Array[] }
  | { readonly kind: 'facts' | 'failure'; readonly text: string };

/** More frames or text than this is no answer. */
const maxFrames = 1024;
const maxTextBytes = 1024 * 1024;

/** Puts answers together from the pieces that a pipe gives. */
export class AnswerReader {
  /** Size of each frame that comes. */
  frameBytes: number;
  readonly #onAnswer: (answer: LaneAnswer) => void;
  readonly #header = Buffer.alloc(answerHeaderBytes);
  /** What is being filled now: the header, and then each of the parts. */
  #parts: Uint8Array[] = [];
  #part: Uint8Array = this.#header;
  #filled = 0;
  #done: Uint8Array[] = [];

  constructor(frameBytes: number, onAnswer: (answer: LaneAnswer) => void) {
    this.frameBytes = frameBytes;
    this.#onAnswer = onAnswer;
  }

  /** @throws RangeError for what no lane says. */
  push(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length; ) {
      const piece = chunk.subarray(at, at + this.#part.length - this.#filled);
      this.#part.set(piece, this.#filled);
      this.#filled += piece.length;
      at += piece.length;
      if (this.#filled === this.#part.length) this.#endPart();
    }
  }

  #endPart(): void {
    if (this.#part === this.#header) this.#parts = this.#expectParts();
    else this.#done.push(this.#part);
    this.#filled = 0;
    const next = this.#parts.shift();
    this.#part = next ?? this.#header;
    if (next) return;
    const done = this.#done;
    this.#done = [];
    this.#onAnswer(this.#answerOf(done));
  }

  #expectParts(): Uint8Array[] {
    const kind = this.#header.readUInt32LE(0);
    const length = this.#header.readUInt32LE(4);
    const isFrames = kind === answerKinds.frames;
    const isText = kind === answerKinds.facts || kind === answerKinds.failure;
    if ((!isFrames && !isText) || length < 1 || length > (isFrames ? maxFrames : maxTextBytes))
      throw new RangeError(`a lane answered with kind ${kind} and length ${length}`);
    if (isText) return [Buffer.alloc(length)];
    // Frames outlive the call, so their memory is their own, and no part of Node's pool.
    return Array.from({ length }, () => Buffer.allocUnsafeSlow(this.frameBytes));
  }

  #answerOf(parts: Uint8Array[]): LaneAnswer {
    const kind = this.#header.readUInt32LE(0);
    if (kind === answerKinds.frames) return { kind: 'frames', frames: parts };
    const text = Buffer.concat(parts).toString('utf8');
    return { kind: kind === answerKinds.facts ? 'facts' : 'failure', text };
  }
}
