import { secondsSinceFirst } from '../../muxing/presentation.ts';
import { unsound } from './invalid-output.ts';
import type { PacketFacts } from './packet-lines.ts';
import type { Verification } from './verification.ts';

/** What a clock of whole milliseconds may do to a time; MP4 has no such excuse. */
const maxErrorMs = { mkv: 1, mov: 0.001, mp4: 0.001 } as const;
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
      throw unsound(`frame ${sample + 1} in the order of decoding has other bytes than were upscaled`);
    }
    if (flags.startsWith('K') !== (table.keys[sample] === 1))
      throw unsound(`key frame ${sample + 1} is not marked`);
    if (flags.includes('D')) throw unsound(`frame ${sample + 1} is never shown`);
    const frame = table.ranks[sample] ?? 0;
    const errorMs = (time * this.#tickSeconds - firstSeconds - secondsSinceFirst(presentation, frame)) * 1000;
    this.#beginErrorMs ??= errorMs;
    const isOff = container === 'mkv' ? Math.abs(errorMs) : Math.abs(errorMs - this.#beginErrorMs);
    if (!(isOff <= maxErrorMs[container] && Math.abs(this.#beginErrorMs) <= maxBeginErrorMs)) {
      throw unsound(`frame ${frame + 1} is shown ${errorMs.toFixed(3)} ms off its time`);
    }
    this.maxErrorMs = Math.max(this.maxErrorMs, Math.abs(errorMs));
    return this.count;
  }

  finish(): void {
    const wanted = this.#verification.table.sizes.length;
    if (this.count !== wanted) throw unsound(`it has ${this.count} frames instead of ${wanted}`);
  }
}
