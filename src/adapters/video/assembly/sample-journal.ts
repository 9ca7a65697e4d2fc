import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';
import { asDiskError } from '../../../errors/system-error.ts';
import { readExactly } from '../../files/bounded-read.ts';
import { noFollow } from '../../files/open-file.ts';
import { syncFolder } from '../../files/publish-file.ts';
import { makeSampleTable, type SampleTable } from '../../muxing/samples.ts';

/**
 * What begins each record, all numbers with the little end first: mark and version; CRC-32 of what follows it; number
 * of the segment; its samples; size of the part file once they were in, as 64 bits. Then come sizes, ranks, checksums
 * and key marks of all samples.
 */
const headBytes = 24;
const mark = 0x314a_5343;
const bytesOfSample = 13;

/** What is known of a segment whose samples are in the part file; ranks count from the video's first frame. */
interface TakenSegment {
  readonly table: SampleTable;
  /** Size of the part file with it. */
  readonly partBytes: number;
}

/**
 * Which segments are in the part file for good, and where their samples begin and end: written after the samples
 * themselves are durable, and before their segment is removed.
 */
export class SampleJournal implements AsyncDisposable {
  readonly #file: FileHandle;
  readonly #path: string;
  #position = 0;
  #segments = 0;

  private constructor(file: FileHandle, path: string) {
    this.#file = file;
    this.#path = path;
  }

  static async open(path: string): Promise<SampleJournal> {
    const file = await open(path, constants.O_RDWR | constants.O_CREAT | noFollow, 0o600);
    await syncFolder(dirname(path));
    return new SampleJournal(file, path);
  }

  /**
   * What was written before, one segment after the other; a record that was never finished is cut off. To be read to
   * its end before anything is added.
   */
  async *taken(): AsyncGenerator<TakenSegment> {
    for (let next = await this.#read(); next; next = await this.#read()) yield next;
    await this.#file.truncate(this.#position);
  }

  /** Resolves when the records of the next segments are durable. */
  async add(segments: readonly TakenSegment[]): Promise<void> {
    const record = Buffer.concat(
      segments.map(({ table, partBytes }, index) => encode(this.#segments + index, table, partBytes)),
    );
    try {
      await this.#file.write(record, 0, record.length, this.#position);
      await this.#file.sync();
    } catch (error) {
      throw asDiskError(error, this.#path);
    }
    this.#position += record.length;
    this.#segments += segments.length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close();
  }

  async #read(): Promise<TakenSegment | null> {
    const { size } = await this.#file.stat();
    if (size < this.#position + headBytes) return null;
    const head = await readExactly(this.#file, this.#position, headBytes);
    const samples = head.readUInt32LE(12);
    const bodyBytes = samples * bytesOfSample;
    if (head.readUInt32LE(0) !== mark || head.readUInt32LE(8) !== this.#segments) return null;
    if (size < this.#position + headBytes + bodyBytes) return null;
    const body = await readExactly(this.#file, this.#position + headBytes, bodyBytes);
    if (crc32(body, crc32(head.subarray(8))) !== head.readUInt32LE(4)) return null;
    this.#position += headBytes + bodyBytes;
    this.#segments += 1;
    return { table: decodeTable(body, samples), partBytes: Number(head.readBigUInt64LE(16)) };
  }
}

function encode(segment: number, table: SampleTable, partBytes: number): Buffer {
  const samples = table.sizes.length;
  const record = Buffer.alloc(headBytes + samples * bytesOfSample);
  record.writeUInt32LE(mark, 0);
  record.writeUInt32LE(segment, 8);
  record.writeUInt32LE(samples, 12);
  record.writeBigUInt64LE(BigInt(partBytes), 16);
  let at = headBytes;
  for (const column of [table.sizes, table.ranks, table.checksums]) {
    for (const value of column) at = record.writeUInt32LE(value, at);
  }
  record.set(table.keys, at);
  record.writeUInt32LE(crc32(record.subarray(8)), 4);
  return record;
}

function decodeTable(body: Buffer, samples: number): SampleTable {
  const table = makeSampleTable(samples);
  let at = 0;
  for (const column of [table.sizes, table.ranks, table.checksums]) {
    for (let sample = 0; sample < samples; sample += 1, at += 4) column[sample] = body.readUInt32LE(at);
  }
  table.keys.set(body.subarray(at));
  return table;
}
