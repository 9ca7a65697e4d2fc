import { makeFullBox, uint32, uint32Table } from './make-box.ts';

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
    makeFullBox('stsc', 0, 0, uint32(runs.length / 3), uint32Table(runs)),
    makeFullBox(
      isLong ? 'co64' : 'stco',
      0,
      0,
      uint32(offsets.length),
      isLong ? uint64Table(offsets) : uint32Table(offsets),
    ),
  ]);
}

function uint64Table(values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 8);
  for (const [index, value] of values.entries()) bytes.writeBigUInt64BE(BigInt(value), index * 8);
  return bytes;
}
