import { answerHeaderBytes, answerKinds } from './lane-protocol.ts';

/** One answer of a lane. */
export type LaneAnswer =
  | { readonly kind: 'frames'; readonly frames: Uint8Array[] }
  | { readonly kind: 'facts' | 'trouble'; readonly text: string };

/** More frames or text than this is no answer. */
const maxFrames = 1024;
const maxTextBytes = 1024 * 1024;

/** Puts answers together from the pieces that a pipe gives. */
export class AnswerReader {
  readonly #frameBytes: number;
  readonly #onAnswer: (answer: LaneAnswer) => void;
  readonly #header = Buffer.alloc(answerHeaderBytes);
  /** What is being filled now: the header, and then each of the parts. */
  #parts: Uint8Array[] = [];
  #part: Uint8Array = this.#header;
  #filled = 0;
  #done: Uint8Array[] = [];

  /** @param frameBytes - Size of one enlarged frame. */
  constructor(frameBytes: number, onAnswer: (answer: LaneAnswer) => void) {
    this.#frameBytes = frameBytes;
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
    return Array.from({ length }, () => Buffer.allocUnsafeSlow(this.#frameBytes));
  }

  #answerOf(parts: Uint8Array[]): LaneAnswer {
    const kind = this.#header.readUInt32LE(0);
    if (kind === answerKinds.frames) return { kind: 'frames', frames: parts };
    const text = Buffer.concat(parts).toString('utf8');
    return { kind: kind === answerKinds.facts ? 'facts' : 'trouble', text };
  }
}
