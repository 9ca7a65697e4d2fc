import { createHash, type Hash } from 'node:crypto';
import type { PacketFacts } from './packet-lines.ts';

interface StreamDigest {
  readonly hash: Hash;
  bytes: number;
}

/** What all packets of each stream come to: times, sizes and checksums, in order. */
export class PacketDigests {
  readonly #streams = new Map<number, StreamDigest>();
  readonly #loose: ReadonlySet<number>;

  /** @param loose - Streams whose packets begin and end wherever a reader likes: only their bytes are counted. */
  constructor(loose: ReadonlySet<number>) {
    this.#loose = loose;
  }

  add({ stream, time, sizeBytes, checksum, flags }: PacketFacts): void {
    const digest = this.#streams.get(stream) ?? { hash: createHash('sha256'), bytes: 0 };
    const isFirst = digest.bytes === 0;
    digest.bytes += sizeBytes;
    if (!this.#loose.has(stream)) digest.hash.update(`${time},${sizeBytes},${checksum},${flags}\n`);
    else if (isFirst) digest.hash.update(`${time}\n`);
    this.#streams.set(stream, digest);
  }

  /** Number of the first stream that has other packets; null when all are the same. Nothing can be added after it. */
  firstDifference(other: PacketDigests): number | null {
    const here = this.#finish();
    const there = other.#finish();
    const streams = [...new Set([...here.keys(), ...there.keys()])].sort((a, b) => a - b);
    return streams.find((stream) => here.get(stream) !== there.get(stream)) ?? null;
  }

  #finish(): Map<number, string> {
    return new Map(
      Array.from(this.#streams, ([stream, { hash, bytes }]) => [stream, `${bytes} ${hash.digest('hex')}`]),
    );
  }
}
