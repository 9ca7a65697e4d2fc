import { WaitQueue } from '../../async/queues.ts';

/** How much of the memory for frames a segment is to have, in bytes. */
export interface ShareRequest {
  /** Without so much it could not continue, or would leave lanes without work. */
  readonly leastBytes: number;
  /** More than this is of no use. */
  readonly mostBytes: number;
}

/**
 * The memory that frames may take while they wait, shared by the segments in flight. Each has a share of its own, so
 * that none can ever wait for what another holds; one that cannot have its share yet waits before it begins.
 */
export class FrameMemory {
  readonly #totalBytes: number;
  readonly #usualBytes: number;
  readonly #shares = new Set<FrameShare>();
  readonly #waiting = new WaitQueue();

  /** @param segments - How many are usually in flight. */
  constructor(totalBytes: number, segments: number) {
    this.#totalBytes = totalBytes;
    this.#usualBytes = Math.floor(totalBytes / segments);
  }

  /** A share to be closed; waits until there is room beside the others. One that is alone may be larger than all. */
  async open({ leastBytes, mostBytes }: ShareRequest, signal: AbortSignal): Promise<FrameShare> {
    const bytes = Math.max(leastBytes, Math.min(this.#usualBytes, mostBytes));
    signal.throwIfAborted();
    while (!this.#hasRoomFor(bytes)) await this.#waiting.wait(signal);
    const share = new FrameShare(bytes, (isClosed) => {
      if (isClosed) this.#shares.delete(share);
      this.#waiting.wakeAll();
    });
    this.#shares.add(share);
    return share;
  }

  #hasRoomFor(bytes: number): boolean {
    let reservedBytes = 0;
    for (const share of this.#shares) reservedBytes += share.reservedBytes;
    return reservedBytes === 0 || reservedBytes + bytes <= this.#totalBytes;
  }
}

/** What one segment may hold. */
export class FrameShare {
  readonly #limitBytes: number;
  readonly #onLess: (isClosed: boolean) => void;
  readonly #waiting = new WaitQueue();
  #heldBytes = 0;
  #takesMore = true;

  constructor(limitBytes: number, onLess: (isClosed: boolean) => void) {
    this.#limitBytes = limitBytes;
    this.#onLess = onLess;
  }

  /** What others cannot have. */
  get reservedBytes(): number {
    return this.#takesMore ? this.#limitBytes : this.#heldBytes;
  }

  /** Waits until there is room, and takes it. What is larger than the share gets in alone. */
  async take(bytes: number, signal: AbortSignal): Promise<void> {
    while (this.#heldBytes > 0 && this.#heldBytes + bytes > this.#limitBytes)
      await this.#waiting.wait(signal);
    this.#heldBytes += bytes;
  }

  giveBack(bytes: number): void {
    this.#heldBytes -= bytes;
    this.#waiting.wakeAll();
    if (!this.#takesMore) this.#onLess(false);
  }

  /** Nothing more is taken: from now on others may have what this one does not hold. */
  takeNoMore(): void {
    this.#takesMore = false;
    this.#onLess(false);
  }

  close(): void {
    this.#onLess(true);
  }
}
