import { elementHeader, fixedHeader, makeElement, uintElement } from './ebml.ts';
import { mkv } from './element-ids.ts';
import type { MkvBlock } from './skeleton.ts';

/** As players like it: they read a cluster at once. */
const maxClusterMs = 5_000;
const maxClusterBytes = 5 * 1024 * 1024;
const isKeyFlag = 0x80;

/** Bytes of a cluster: those that are known, or how many there are where they lie on the disk already. */
type ClusterPart = Buffer | number;

/** Blocks that are written together; their times are relative to the first one's. */
export class MkvCluster {
  readonly time: number;
  readonly #parts: ClusterPart[];
  #bytes: number;

  constructor(time: number) {
    this.time = Math.max(0, time);
    const clock = uintElement(mkv.timestamp, this.time);
    this.#parts = [clock];
    this.#bytes = clock.length;
  }

  /** Whether a block of that time and size may come in. */
  takes(time: number, bytes: number): boolean {
    const isNear = Math.abs(time - this.time) <= maxClusterMs;
    return isNear && this.#bytes + bytes <= maxClusterBytes;
  }

  add(...parts: readonly ClusterPart[]): void {
    this.#parts.push(...parts);
    for (const part of parts) this.#bytes += typeof part === 'number' ? part : part.length;
  }

  /** A block of another file, with its time relative to this cluster. */
  addCopied({ element, timeAt, time }: MkvBlock): void {
    const block = Buffer.from(element);
    block.writeInt16BE(time - this.time, timeAt);
    this.add(block);
  }

  /** The cluster's size, and its bytes unless some of them lie on the disk already. */
  finish(): { readonly sizeBytes: number; readonly bytes: Buffer | null } {
    const header = fixedHeader(mkv.cluster, this.#bytes);
    const known = this.#parts.filter((part) => typeof part !== 'number');
    const isKnown = known.length === this.#parts.length;
    return {
      sizeBytes: header.length + this.#bytes,
      bytes: isKnown ? Buffer.concat([header, ...known]) : null,
    };
  }
}

interface FrameBlock {
  readonly track: number;
  /** Relative to its cluster, in milliseconds. */
  readonly relativeMs: number;
  readonly isKey: boolean;
  readonly payloadBytes: number;
  /** For how long it is shown, in milliseconds, where nothing else in the file says so; else null. */
  readonly durationMs: number | null;
}

/** What comes before and after a frame's bytes in its block. */
export function wrapFrame(frame: FrameBlock): { readonly before: Buffer; readonly after: Buffer } {
  const head = Buffer.alloc(4);
  head.writeUInt8(0x80 | frame.track, 0);
  head.writeInt16BE(frame.relativeMs, 1);
  const blockBytes = head.length + frame.payloadBytes;
  if (frame.durationMs === null) {
    head.writeUInt8(frame.isKey ? isKeyFlag : 0, 3);
    return {
      before: Buffer.concat([elementHeader(mkv.simpleBlock, blockBytes), head]),
      after: Buffer.alloc(0),
    };
  }
  // In a group, a frame that refers to another one is no key frame.
  const reference = frame.isKey ? Buffer.alloc(0) : makeElement(mkv.referenceBlock, Buffer.from([0xff]));
  const after = Buffer.concat([uintElement(mkv.blockDuration, frame.durationMs), reference]);
  const block = elementHeader(mkv.block, blockBytes);
  const group = elementHeader(mkv.blockGroup, block.length + blockBytes + after.length);
  return { before: Buffer.concat([group, block, head]), after };
}
