import { chunksOf, durationsOf, sampleSizesOf, type ValueRun } from './tracks.ts';

/** Samples of one track that lie back to back and are moved together: one chunk of the new file. */
export interface Piece {
  readonly offset: number;
  readonly bytes: number;
  readonly samples: number;
  /** When its first sample is decoded, in ticks of the track. */
  readonly time: number;
}

/** Players read ahead by about this much. */
const maxPieceSeconds = 1;
const maxPieceBytes = 1024 * 1024;

/**
 * A track's samples in pieces of about a second. Linear in the tables, also where a table says the same of millions
 * of samples at once, as with uncompressed sound.
 */
export function* piecesOf(stbl: Buffer, timescale: number): Generator<Piece> {
  const sizes = sampleSizesOf(stbl);
  const durations = new RunCursor(durationsOf(stbl));
  const maxTicks = maxPieceSeconds * timescale;
  let sample = 0;
  for (const chunk of chunksOf(stbl)) {
    let at = chunk.offset;
    const chunkEnd = sample + chunk.samples;
    while (sample < chunkEnd) {
      const piece = { offset: at, bytes: 0, samples: 0, time: durations.total };
      const isOpen = () =>
        piece.samples === 0 || (durations.total - piece.time < maxTicks && piece.bytes < maxPieceBytes);
      while (sample < chunkEnd && isOpen()) {
        const step = stepOf(
          sizes.common,
          chunkEnd - sample,
          durations,
          maxTicks - (durations.total - piece.time),
        );
        piece.bytes += (sizes.common ?? sizes.at(sample)) * step;
        piece.samples += step;
        sample += step;
        durations.advance(step);
      }
      at += piece.bytes;
      yield piece;
    }
  }
}

/** How many samples to take at once: one where each has its own size, else as many as fit. */
function stepOf(
  commonBytes: number | null,
  samplesLeft: number,
  durations: RunCursor,
  ticksLeft: number,
): number {
  if (commonBytes === null) return 1;
  const { samples, value } = durations.current;
  const fitting = value > 0 ? Math.ceil(ticksLeft / value) : samples;
  const ofBytes = Math.ceil(maxPieceBytes / commonBytes);
  return Math.max(1, Math.min(samplesLeft, samples, fitting, ofBytes));
}

/** Walks along runs, and sums their values up. */
class RunCursor {
  readonly #runs: Iterator<ValueRun>;
  #samples = 0;
  #value = 0;
  total = 0;

  constructor(runs: Iterator<ValueRun>) {
    this.#runs = runs;
    this.#fill();
  }

  /** What is left of the run; without end once all runs are used up. */
  get current(): ValueRun {
    return { samples: this.#samples, value: this.#value };
  }

  /** At most as many samples as the run has left. */
  advance(samples: number): void {
    this.total += samples * this.#value;
    this.#samples -= samples;
    this.#fill();
  }

  #fill(): void {
    while (this.#samples <= 0) {
      const next = this.#runs.next();
      this.#samples = next.done ? Number.POSITIVE_INFINITY : next.value.samples;
      this.#value = next.done ? 0 : next.value.value;
    }
  }
}
