/**
 * A place where a file's clock does not continue: it starts again, or jumps. What lies between two of them is a part, as
 * when recordings are written into one file.
 */
export interface TimeBreak {
  /** The last time before it on the file's clock, and the first after it, in seconds, of one of the streams. */
  readonly fromSeconds: number;
  readonly toSeconds: number;
  /** By stream: number of its first packet after the break, from 0. None for a stream without a packet there. */
  readonly firstPackets: ReadonlyMap<number, number>;
  /** What has to be added to the times of all streams from here on, so that they continue. */
  readonly offsetSeconds: number;
}

/** A packet as it comes from the file; times in seconds, NaN where the file does not say. */
export interface TimedPacket {
  readonly stream: number;
  readonly decodeSeconds: number;
  readonly shownSeconds: number;
  readonly durationSeconds: number;
  /** Where it lies in the file, in bytes; NaN where that is not known. */
  readonly position: number;
}

/** Formats that recorders cut and join as bytes: there a leap is no pause that somebody wanted. By ffmpeg's names. */
const joinedFormats = ['mpegts', 'mpeg'];
/** From these steps on ffmpeg, too, takes a break for one in such formats. */
const joinedSteps = { back: 0.1, ahead: 10 };
/** Elsewhere times that go back a little are badly written, and no new beginning. */
const otherSteps = { back: 1, ahead: Number.POSITIVE_INFINITY };

/** Where a stream stands while packets come. */
interface StreamState {
  packets: number;
  part: number;
  lastSeconds: number;
}

/** What is shown of a stream within a part. */
interface Span {
  begin: number;
  end: number;
}

interface Part {
  readonly fromSeconds: number;
  readonly toSeconds: number;
  /** Where in the file it begins, as far as known. */
  readonly position: number;
  readonly firstPackets: Map<number, number>;
  readonly spans: Map<number, Span>;
}

/**
 * Finds the breaks of a file's clock among its packets, in the order in which they come. All streams are moved together:
 * sound stays with the picture. Takes the same memory for any number of packets.
 */
export class TimeBreakFinder {
  readonly #steps: typeof otherSteps;
  readonly #timed: ReadonlySet<number>;
  readonly #streams = new Map<number, StreamState>();
  readonly #parts: Part[] = [newPart(Number.NaN, Number.NaN, Number.NEGATIVE_INFINITY)];

  /**
   * @param container - Names of ffmpeg's demuxer.
   * @param timed - Streams of sound and pictures; times of others say nothing of the clock.
   */
  constructor(container: string, timed: ReadonlySet<number>) {
    this.#steps = joinedFormats.includes(container) ? joinedSteps : otherSteps;
    this.#timed = timed;
  }

  add(packet: TimedPacket): void {
    const { stream, decodeSeconds } = packet;
    const state = this.#streams.get(stream) ?? { packets: 0, part: 0, lastSeconds: Number.NaN };
    this.#streams.set(stream, state);
    const step = decodeSeconds - state.lastSeconds;
    const isLeap = this.#timed.has(stream) && (step < -this.#steps.back || step > this.#steps.ahead);
    // The first stream that leaps begins a part; others follow, each with its next packet from there.
    if (isLeap && state.part === this.#parts.length - 1)
      this.#parts.push(newPart(state.lastSeconds, decodeSeconds, packet.position));
    const newest = this.#parts.length - 1;
    if (state.part < newest && (isLeap || packet.position >= (this.#parts[newest]?.position ?? 0))) {
      state.part = newest;
      this.#parts[newest]?.firstPackets.set(stream, state.packets);
    }
    if (!Number.isNaN(decodeSeconds)) state.lastSeconds = decodeSeconds;
    state.packets += 1;
    if (this.#timed.has(stream)) widen(this.#parts[state.part]?.spans, packet);
  }

  /** Seconds from the first moment to the last one, once the times continue. */
  lengthSeconds(): number {
    return lengthOf(this.#parts, [0, ...this.breaks().map(({ offsetSeconds }) => offsetSeconds)]);
  }

  /** All breaks, when all packets were added. */
  breaks(): readonly TimeBreak[] {
    let offsetSeconds = 0;
    return this.#parts.slice(1).map(({ fromSeconds, toSeconds, firstPackets, spans }, index) => {
      offsetSeconds += gapTo(spans, this.#parts[index]?.spans);
      return { fromSeconds, toSeconds, firstPackets, offsetSeconds };
    });
  }
}

/** From the beginning of the first part to the end of the last, as they are with their offsets. */
function lengthOf(parts: readonly Part[], offsets: readonly number[]): number {
  const spans = parts.flatMap(({ spans }, part) =>
    [...spans.values()].map(({ begin, end }) => ({
      begin: begin + (offsets[part] ?? 0),
      end: end + (offsets[part] ?? 0),
    })),
  );
  const begin = Math.min(...spans.map((span) => span.begin));
  return spans.length === 0 ? 0 : Math.max(...spans.map((span) => span.end)) - begin;
}

function newPart(fromSeconds: number, toSeconds: number, position: number): Part {
  return { fromSeconds, toSeconds, position, firstPackets: new Map(), spans: new Map() };
}

function widen(spans: Map<number, Span> | undefined, packet: TimedPacket): void {
  const begin = Number.isNaN(packet.shownSeconds) ? packet.decodeSeconds : packet.shownSeconds;
  if (!spans || Number.isNaN(begin)) return;
  const span = spans.get(packet.stream) ?? { begin, end: begin };
  spans.set(packet.stream, span);
  span.begin = Math.min(span.begin, begin);
  span.end = Math.max(span.end, begin + (packet.durationSeconds > 0 ? packet.durationSeconds : 0));
}

/** What is added to a part's times so that none of its streams begins before it ended in the part before. */
function gapTo(spans: ReadonlyMap<number, Span>, before: ReadonlyMap<number, Span> | undefined): number {
  const gaps = [...spans].flatMap(([stream, { begin }]) => {
    const end = before?.get(stream)?.end;
    return end === undefined ? [] : [end - begin];
  });
  return gaps.length > 0 ? Math.max(...gaps) : 0;
}
