import { onAbort } from '../../async/abort.ts';
import { AsyncQueue } from '../../async/queues.ts';
import { frameBytes } from '../../core/frames/frame-format.ts';
import { messageOf } from '../../errors/app-error.ts';
import type { FrameSink, FrameTool } from '../../ports/frame-tool.ts';
import { type Encoding, ownFrames, type SegmentTask } from '../../protocol/segment.ts';
import { EngineError } from '../tasks/engine-error.ts';
import type { FrameMemory, FrameShare, ShareRequest } from './frame-memory.ts';
import type { SegmentStage } from './segment-stage.ts';

export interface SegmentRunDeps {
  readonly frames: FrameTool;
  readonly stage: SegmentStage;
  readonly memory: FrameMemory;
  readonly sourcePath: string;
  readonly targetPath: string;
  readonly encoding: Encoding;
  readonly batchSize: number;
  /** Of two segments in flight the lanes serve the one with the lower number first. */
  readonly order: number;
  onProgress(doneFrames: number, totalFrames: number): void;
  onBatchDone(batch: number): void;
}

/** Frames on their way from a lane to the encoder: the first of them is the unique frame of this number. */
interface Part {
  readonly firstUnique: number;
  readonly upscaled: Promise<readonly Uint8Array[]>;
}

/** At most so many batches of each lane wait: more would only take memory. */
const batchesAhead = 3;

/** Adds up how long at least one of several things was under way. */
class BusyTime {
  #active = 0;
  #sinceMs = 0;
  #totalMs = 0;

  /** Whole milliseconds so far. */
  get ms(): number {
    const openMs = this.#active > 0 ? performance.now() - this.#sinceMs : 0;
    return Math.round(this.#totalMs + openMs);
  }

  async during<T>(work: () => Promise<T>): Promise<T> {
    if (this.#active === 0) this.#sinceMs = performance.now();
    this.#active += 1;
    try {
      return await work();
    } finally {
      this.#active -= 1;
      if (this.#active === 0) this.#totalMs += performance.now() - this.#sinceMs;
    }
  }
}

/**
 * Decodes, upscales and encodes one segment, all at the same time: a reader gives frames to the lanes as long as there
 * is memory, a writer takes what they made in order. Which bytes come out never depends on who was faster.
 */
export class SegmentRun {
  readonly #task: SegmentTask;
  readonly #deps: SegmentRunDeps;
  readonly #ending = new AbortController();
  readonly #queue = new AsyncQueue<Part>();
  readonly #frameBytes: number;
  /** Frames that the encoder has taken: memory for the next ones, which the system need not find and clear again. */
  readonly #spare: Uint8Array[] = [];
  readonly #times = { decode: new BusyTime(), upscale: new BusyTime(), encode: new BusyTime() };
  #failure: { readonly error: unknown } | null = null;

  constructor(task: SegmentTask, deps: SegmentRunDeps) {
    this.#task = task;
    this.#deps = deps;
    const { from, to, isInPlace = false } = deps.stage;
    this.#frameBytes = frameBytes(from) + (isInPlace ? 0 : frameBytes(to));
  }

  /**
   * Runs it, once. When it rejects all its processes have been aborted; what was written is to be removed.
   *
   * @returns milliseconds. `decode`: waited for the next frame to be decoded. `upscale`: at least one lane had frames of
   * this segment. `encode`: waited for the encoder to take a frame, or to finish.
   */
  async run(signal: AbortSignal) {
    signal.throwIfAborted();
    const stopListening = onAbort(signal, (reason) => this.#fail(reason));
    try {
      const share = await this.#deps.memory.open(this.#shareRequest(), this.#ending.signal);
      try {
        await this.#runWith(share);
      } finally {
        share.close();
      }
    } catch (error) {
      this.#fail(error);
    } finally {
      stopListening();
    }
    if (this.#failure) throw this.#failure.error;
    const { decode, upscale, encode } = this.#times;
    return { decode: decode.ms, upscale: upscale.ms, encode: encode.ms };
  }

  async #runWith(share: FrameShare): Promise<void> {
    const { frames, targetPath, encoding, stage } = this.#deps;
    const { clip } = this.#task;
    const request = { path: targetPath, frame: stage.to, clip, encoding };
    const sink = frames.encode(request, this.#ending.signal);
    const reading = this.#read(share).catch((error: unknown) => this.#fail(error));
    const writing = this.#write(sink, share).catch((error: unknown) => this.#fail(error));
    await Promise.all([reading, writing]);
    // An encoder that was aborted is waited for: it may still write to the file that is removed next.
    await this.#times.encode.during(() => sink.finish());
  }

  /** The first failure ends everything; what follows from it is of no interest. */
  #fail(error: unknown): void {
    if (this.#failure) return;
    this.#failure = { error };
    this.#ending.abort(error instanceof Error ? error : new Error(messageOf(error)));
    this.#queue.end();
  }

  async #read(share: FrameShare): Promise<void> {
    const { batchSize, stage, sourcePath } = this.#deps;
    const { repeats } = this.#task;
    const own = ownFrames(this.#task);
    let part: Uint8Array[] = [];
    let count = 0;
    for await (const frame of this.#decoded(sourcePath)) {
      if (count === repeats.length) throw this.#wrongCount('more');
      await share.take(this.#frameBytes, this.#ending.signal);
      part.push(frame);
      count += 1;
      const done = count - own.first;
      const isBatchEnd = done > 0 && count <= own.end && (done % batchSize === 0 || count === own.end);
      if (!isBatchEnd && part.length < stage.callFrames && count < repeats.length) continue;
      this.#submit(part, count - part.length, isBatchEnd);
      part = [];
    }
    if (count < repeats.length) throw this.#wrongCount(`only ${count}`);
    share.takeNoMore();
    this.#queue.end();
  }

  /** The decoded frames; counts how long they were waited for. */
  async *#decoded(sourcePath: string): AsyncGenerator<Uint8Array> {
    const bytes = frameBytes(this.#deps.stage.from);
    const allocate = () => this.#spare.pop() ?? Buffer.allocUnsafeSlow(bytes);
    const request = { sourcePath, segment: this.#task, allocate };
    const frames = this.#deps.frames.decode(request, this.#ending.signal)[Symbol.asyncIterator]();
    try {
      for (;;) {
        const next = await this.#times.decode.during(() => frames.next());
        if (next.done) return;
        yield next.value;
      }
    } finally {
      await frames.return?.();
    }
  }

  #submit(frames: readonly Uint8Array[], firstUnique: number, isBatchEnd: boolean): void {
    const { stage, order, onBatchDone } = this.#deps;
    const batch = this.#batchOf(firstUnique + frames.length - 1);
    const job = { order, batch, firstUnique, frames, signal: this.#ending.signal };
    const upscaled = this.#times.upscale.during(() => stage.run(job));
    upscaled.then(
      () => isBatchEnd && onBatchDone(batch),
      (error: unknown) => this.#fail(error),
    );
    this.#queue.push({ firstUnique, upscaled });
  }

  /** Frames of the context count for the batch beside them. */
  #batchOf(unique: number): number {
    const { first, end } = ownFrames(this.#task);
    const place = Math.max(0, Math.min(unique, end - 1) - first);
    return this.#task.first_batch + Math.floor(place / this.#deps.batchSize);
  }

  async #write(sink: FrameSink, share: FrameShare): Promise<void> {
    const { repeats } = this.#task;
    const { first, end } = ownFrames(this.#task);
    const totalFrames = repeats.slice(first, end).reduce((sum, each) => sum + each, 0);
    let doneFrames = 0;
    for await (const { firstUnique, upscaled } of this.#queue) {
      for (const [at, frame] of (await upscaled).entries()) {
        const unique = firstUnique + at;
        const isOwn = unique >= first && unique < end;
        for (let left = isOwn ? (repeats[unique] ?? 0) : 0; left > 0; left -= 1) {
          await this.#times.encode.during(() => sink.write(frame));
          doneFrames += 1;
        }
        if (this.#deps.stage.isInPlace) this.#spare.push(frame);
        share.giveBack(this.#frameBytes);
        this.#deps.onProgress(doneFrames, totalFrames);
      }
    }
  }

  #shareRequest(): ShareRequest {
    const { stage, batchSize } = this.#deps;
    const aheadFrames = Math.min(stage.lookaheadFrames ?? 0, this.#task.repeats.length);
    const atOnce = stage.callFrames * (stage.callsAtOnce ?? 1);
    const leastFrames = stage.processes * atOnce + aheadFrames;
    const mostFrames = Math.max(leastFrames, stage.processes * batchSize * batchesAhead + aheadFrames);
    return { leastBytes: leastFrames * this.#frameBytes, mostBytes: mostFrames * this.#frameBytes };
  }

  #wrongCount(found: string): EngineError {
    const { name, repeats } = this.#task;
    const message = `${name}: ${found} of ${repeats.length} frames could be decoded.`;
    return new EngineError({ code: 'video-unreadable', class: 'permanent', message });
  }
}
