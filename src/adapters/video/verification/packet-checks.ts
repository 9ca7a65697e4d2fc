import { createHash, type Hash } from 'node:crypto';
import { isMatroska } from '../../../core/frames/container-limits.ts';
import type { PacketFacts } from '../../ffmpeg/ffprobe.ts';
import { secondsSinceFirst } from '../../muxing/presentation.ts';
import { InvalidOutputError, type Verification } from './verification.ts';

/** What a clock of whole milliseconds may do to a time; MP4 has no such excuse. */
const maxErrorMs = { mkv: 1, webm: 1, mov: 0.001, mp4: 0.001 } as const;
/** Both begin to count at the first frame, which ffmpeg may place half a tick of the movie's clock away. */
const maxBeginErrorMs = 1;

/** Compares the packets of the video, as they come, with the samples that went in. */
export class VideoPacketCheck {
  readonly #verification: Verification;
  readonly #tickSeconds: number;
  #beginErrorMs: number | null = null;
  count = 0;
  maxErrorMs = 0;

  constructor(verification: Verification, tickSeconds: number) {
    this.#verification = verification;
    this.#tickSeconds = tickSeconds;
  }

  /** @returns how many there were so far. */
  add({ time, sizeBytes, checksum, flags }: PacketFacts): number {
    const { table, presentation, firstSeconds, container } = this.#verification;
    const sample = this.count;
    this.count += 1;
    if (sizeBytes !== table.sizes[sample] || checksum !== table.checksums[sample]) {
      throw new InvalidOutputError(
        `frame ${sample + 1} in the order of decoding has other bytes than were upscaled`,
      );
    }
    if (flags.startsWith('K') !== (table.keys[sample] === 1))
      throw new InvalidOutputError(`key frame ${sample + 1} is not marked`);
    if (flags.includes('D')) throw new InvalidOutputError(`frame ${sample + 1} is never shown`);
    const frame = table.ranks[sample] ?? 0;
    const errorMs = (time * this.#tickSeconds - firstSeconds - secondsSinceFirst(presentation, frame)) * 1000;
    this.#beginErrorMs ??= errorMs;
    const isOff = isMatroska(container) ? Math.abs(errorMs) : Math.abs(errorMs - this.#beginErrorMs);
    if (!(isOff <= maxErrorMs[container] && Math.abs(this.#beginErrorMs) <= maxBeginErrorMs)) {
      throw new InvalidOutputError(`frame ${frame + 1} is shown ${errorMs.toFixed(3)} ms off its time`);
    }
    this.maxErrorMs = Math.max(this.maxErrorMs, Math.abs(errorMs));
    return this.count;
  }

  finish(): void {
    const wanted = this.#verification.table.sizes.length;
    if (this.count !== wanted)
      throw new InvalidOutputError(`it has ${this.count} frames instead of ${wanted}`);
  }
}

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
