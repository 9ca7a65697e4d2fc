import { findBox, Mp4FormatError } from './boxes.ts';

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

/** The table of that name in a track's `stbl`. */
export function tableOf(stbl: Buffer, name: string): Buffer {
  const table = findBox(stbl, [name]);
  if (!table) throw new Mp4FormatError(`no ${name} box`);
  return table;
}

export function sampleSizesOf(stbl: Buffer): SampleSizes {
  const table = tableOf(stbl, 'stsz');
  const common = table.readUInt32BE(4);
  const count = table.readUInt32BE(8);
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
  const offsets = short ?? tableOf(stbl, 'co64');
  const chunks = offsets.readUInt32BE(4);
  expectRows(offsets, 8, chunks, short ? 4 : 8);
  const stsc = tableOf(stbl, 'stsc');
  const runs = stsc.readUInt32BE(4);
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
  return runsOf(tableOf(stbl, 'stts'));
}

/** How much later than it is decoded each sample is shown (`ctts`), in ticks; nothing where that is never so. */
export function* compositionOffsetsOf(stbl: Buffer): Generator<ValueRun> {
  const table = findBox(stbl, ['ctts']);
  if (!table) return;
  // Version 0 says unsigned, yet negative offsets are found in such tables, as ffmpeg reads them.
  for (const { samples, value } of runsOf(table)) yield { samples, value: value | 0 };
}

function* runsOf(table: Buffer): Generator<ValueRun> {
  const runs = table.readUInt32BE(4);
  expectRows(table, 8, runs, 8);
  for (let at = 8; at < 8 + runs * 8; at += 8) {
    yield { samples: table.readUInt32BE(at), value: table.readUInt32BE(at + 4) };
  }
}

function expectRows(table: Buffer, at: number, rows: number, rowBytes: number): void {
  if (at + rows * rowBytes > table.length) throw new Mp4FormatError('a table is cut off');
}
