import {
  findBox,
  getBox,
  Mp4FormatError,
  makeFullBox,
  readBoxes,
  uint32,
  uint32At,
  uint32Table,
  uint64Table,
} from './boxes.ts';

/** Neighbouring samples that lie back to back in the file. */
interface ChunkRun {
  readonly offset: number;
  readonly samples: number;
}

/** Samples in a row to which the same number belongs: a duration, or an offset of composition. */
export interface ValueRun {
  readonly samples: number;
  readonly value: number;
}

/** Sizes of samples in bytes (`stsz`). */
interface SampleSizes {
  readonly count: number;
  /** The size of all; null where each has its own. */
  readonly common: number | null;
  at(sample: number): number;
}

/** Content of each `trak` box of a movie. */
export function tracksOf(movie: Buffer): Buffer[] {
  return [...readBoxes(movie)].filter(({ name }) => name === 'trak').map(({ content }) => content);
}

/** What a track holds, by its handler: `vide`, `soun`, `tmcd`; empty where it does not say. */
export function handlerOf(track: Buffer): string {
  return findBox(track, ['mdia', 'hdlr'])?.toString('latin1', 8, 12) ?? '';
}

/** A track's tables of samples (`stbl`). */
export function tablesOf(track: Buffer): Buffer {
  return getBox(track, ['mdia', 'minf', 'stbl']);
}

export function sampleSizesOf(stbl: Buffer): SampleSizes {
  const table = getBox(stbl, ['stsz']);
  const common = uint32At(table, 4);
  const count = uint32At(table, 8);
  if (common === 0) expectRows(table, 12, count, 4);
  return {
    count,
    common: common === 0 ? null : common,
    at: (sample) => common || table.readUInt32BE(12 + sample * 4),
  };
}

/** Where the samples lie, in order. */
export function* chunksOf(stbl: Buffer): Generator<ChunkRun> {
  const short = findBox(stbl, ['stco']);
  const offsets = short ?? getBox(stbl, ['co64']);
  const chunks = uint32At(offsets, 4);
  expectRows(offsets, 8, chunks, short ? 4 : 8);
  const stsc = getBox(stbl, ['stsc']);
  const runs = uint32At(stsc, 4);
  expectRows(stsc, 8, runs, 12);
  let samples = 0;
  for (let chunk = 0, run = 0; chunk < chunks; chunk += 1) {
    if (run < runs && stsc.readUInt32BE(8 + run * 12) === chunk + 1) {
      samples = stsc.readUInt32BE(12 + run * 12);
      run += 1;
    }
    const offset = short ? short.readUInt32BE(8 + chunk * 4) : Number(offsets.readBigUInt64BE(8 + chunk * 8));
    yield { offset, samples };
  }
}

/** Durations of samples in decoding order (`stts`), in ticks. */
export function durationsOf(stbl: Buffer): Generator<ValueRun> {
  return runsOf(getBox(stbl, ['stts']));
}

/** How much later than it is decoded each sample is shown (`ctts`), in ticks; nothing where that is never so. */
export function* compositionOffsetsOf(stbl: Buffer): Generator<ValueRun> {
  const table = findBox(stbl, ['ctts']);
  if (!table) return;
  // Version 0 says unsigned, yet negative offsets are found in such tables, as ffmpeg reads them.
  for (const { samples, value } of runsOf(table)) yield { samples, value: value | 0 };
}

function* runsOf(table: Buffer): Generator<ValueRun> {
  const runs = uint32At(table, 4);
  expectRows(table, 8, runs, 8);
  for (let at = 8; at < 8 + runs * 8; at += 8) {
    yield { samples: table.readUInt32BE(at), value: table.readUInt32BE(at + 4) };
  }
}

function expectRows(table: Buffer, at: number, rows: number, rowBytes: number): void {
  if (at + rows * rowBytes > table.length) throw new Mp4FormatError('a table is cut off');
}

/** Where the chunks of a track lie in the file, and how many samples each has. */
export interface ChunkList {
  readonly offsets: number[];
  readonly samples: number[];
}

/** The boxes that say where a track's samples lie. */
export function chunkBoxes({ offsets, samples }: ChunkList): Buffer {
  const isLong = (offsets.at(-1) ?? 0) > 0xffff_ffff;
  const runs: number[] = [];
  for (const [index, count] of samples.entries()) {
    if (count !== samples[index - 1]) runs.push(index + 1, count, 1);
  }
  return Buffer.concat([
    makeFullBox('stsc', 0, uint32(runs.length / 3), uint32Table(runs)),
    isLong
      ? makeFullBox('co64', 0, uint32(offsets.length), uint64Table(offsets))
      : makeFullBox('stco', 0, uint32(offsets.length), uint32Table(offsets)),
  ]);
}
