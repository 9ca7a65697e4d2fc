import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { download } from '../../../../src/adapters/sftp/download.ts';
import type { RemoteFiles } from '../../../../src/adapters/sftp/remote-files.ts';
import { SftpSession } from '../../../../src/adapters/sftp/sftp-session.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

const file = randomBytes(300_000);
const chunkBytes = 64 * 1024;

/** A host whose link is lost again and again, each time after so many chunks. */
class LossyHost implements Pick<RemoteFiles, 'step'> {
  readonly begins: number[] = [];
  readonly #chunksUntilLost: number[];

  constructor(...chunksUntilLost: number[]) {
    this.#chunksUntilLost = chunksUntilLost;
  }

  async step<Value>(work: (session: SftpSession) => Promise<Value>): Promise<Value> {
    const session = Object.create(SftpSession.prototype, {
      readChunks: { value: (_: string, offset: number) => this.#read(offset) },
    }) as SftpSession;
    for (;;) {
      try {
        return await work(session);
      } catch (error) {
        if (!(error instanceof Error && error.message === 'lost')) throw error;
      }
    }
  }

  async *#read(offset: number): AsyncGenerator<Buffer, void> {
    this.begins.push(offset);
    let left = this.#chunksUntilLost.shift() ?? Number.POSITIVE_INFINITY;
    for (let at = offset; at < file.length; at += chunkBytes) {
      if (left-- === 0) throw new Error('lost');
      yield file.subarray(at, at + chunkBytes);
    }
    if (left === 0) throw new Error('lost');
  }
}

describe('download', () => {
  it('keeps what arrived before the link was lost, and asks for the rest only', async () => {
    const host = new LossyHost(2, 0, 1);
    const path = join(await temporaryFolder(), 'sub', 'segment.part');
    expect(await download(host, '/far', path, file.length)).toBe(true);
    expect(await readFile(path)).toEqual(file);
    expect(host.begins).toEqual([0, 2, 2, 3].map((chunks) => chunks * chunkBytes));
  });

  it('asks for nothing more when the link is lost after the last byte', async () => {
    const host = new LossyHost(Math.ceil(file.length / chunkBytes));
    const path = join(await temporaryFolder(), 'segment.part');
    expect(await download(host, '/far', path, file.length)).toBe(true);
    expect(await readFile(path)).toEqual(file);
    expect(host.begins).toEqual([0]);
  });

  it('starts again where a longer file lies, and says when the host has less', async () => {
    const path = join(await temporaryFolder(), 'segment.part');
    await writeFile(path, randomBytes(file.length + 1));
    expect(await download(new LossyHost(), '/far', path, file.length)).toBe(true);
    expect(await readFile(path)).toEqual(file);
    expect(await download(new LossyHost(), '/far', path, file.length + 10)).toBe(false);
  });
});
