import { printable } from '../../core/printable.ts';
import { withoutLogPrefix } from '../ffmpeg/failures.ts';

/**
 * What ffmpeg says of files that are damaged or cut off, and never of whole ones: those that begin in the middle of a
 * group of pictures, or are cut by edit lists, make it complain too, with other messages.
 */
const damagePatterns = [
  /corrupt (decoded frame|input packet)/i,
  /partial file|ended prematurely|truncat/i,
  /error while decoding MB|concealing \d/i,
  /invalid NAL unit size|error splitting the input into NAL/i,
  /damaged at|tex damaged|error at MB|error y=|error count|illegal (ac|dc) /i,
  /invalid as first byte of an EBML|packet mismatch|LZW decode failed|invalid block label/i,
  /picture size (\d+x\d+ exceeds specified max|\d{5,}x\d{5,} is invalid)/i,
  /(crc|checksum) (mismatch|error)|error during demuxing/i,
];
/** Said of undamaged recordings too before their first frame. */
const failedDecoding = /error while decoding stream|decoding error|error submitting packet/i;
const packetOfStream = /(?:input packet in stream|packet corrupt \(stream =) (\d+)/i;
const keptNotes = 3;

/** Collects the messages about damage among the lines of an ffmpeg that decodes one stream. */
export class DamageNotes {
  readonly #stream: number;
  readonly #kept: string[] = [];
  #count = 0;

  constructor(stream: number) {
    this.#stream = stream;
  }

  get isEmpty(): boolean {
    return this.#count === 0;
  }

  /** Takes a line of stderr, and how many frames were decoded before it. */
  read(line: string, frames: number): void {
    const packet = packetOfStream.exec(line);
    if (packet && Number(packet[1]) !== this.#stream) return;
    const isDamage = damagePatterns.some((pattern) => pattern.test(line));
    if (isDamage || (frames > 0 && failedDecoding.test(line)))
      this.add(printable(withoutLogPrefix(line)).slice(0, 200));
  }

  add(note: string): void {
    this.#count += 1;
    if (this.#kept.length < keptNotes && !this.#kept.includes(note)) this.#kept.push(note);
  }

  /** The first notes, in one line; empty when there are none. */
  toString(): string {
    const more = this.#count - this.#kept.length;
    return `${this.#kept.join('; ')}${more > 0 ? `; and ${more} more` : ''}`;
  }
}
