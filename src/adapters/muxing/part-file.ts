import { constants } from 'node:fs';
import { type FileHandle, open, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { asDiskError } from '../../errors/system-error.ts';
import { FileTooShortError } from '../files/bounded-read.ts';
import { noFollow } from '../files/open-file.ts';
import { syncFolder } from '../files/publish-file.ts';

/**
 * The unfinished output, which only grows. After a kill a writer begins again from the first byte: what is durable
 * already is counted and not written a second time.
 */
export class PartFile implements AsyncDisposable {
  readonly #file: FileHandle;
  readonly #path: string;
  readonly #durableBytes: number;
  #position = 0;

  private constructor(file: FileHandle, path: string, durableBytes: number) {
    this.#file = file;
    this.#path = path;
    this.#durableBytes = durableBytes;
  }

  /**
   * Opens or makes the file, and cuts off what is not known to be durable. One that is made is new: nothing that was planted
   * under its name is written to.
   *
   * @param rights - Of a new file, less what the user's umask takes.
   * @throws FileTooShortError when it does not reach to `durableBytes`.
   */
  static async open(path: string, durableBytes: number, rights = 0o666): Promise<PartFile> {
    if (durableBytes === 0) await rm(path, { force: true });
    const making = durableBytes === 0 ? constants.O_CREAT | constants.O_EXCL : 0;
    const file = await open(path, constants.O_RDWR | noFollow | making, rights | 0o600);
    try {
      const { size } = await file.stat();
      if (size < durableBytes) throw new FileTooShortError(`${path} has lost its end`);
      await file.truncate(durableBytes);
      await syncFolder(dirname(path));
      return new PartFile(file, path, durableBytes);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** Where the next byte goes. */
  get position(): number {
    return this.#position;
  }

  /** Whether the next byte is on the disk already. */
  get isReplaying(): boolean {
    return this.#position < this.#durableBytes;
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (!this.isReplaying) await this.writeAt(this.#position, bytes);
    this.#position += bytes.length;
  }

  /** Counts bytes that are on the disk already. */
  skip(bytes: number): void {
    this.#position += bytes;
  }

  /** Overwrites, without moving on. */
  async writeAt(offset: number, bytes: Uint8Array): Promise<void> {
    for (let written = 0; written < bytes.length; ) {
      const rest = bytes.subarray(written);
      const { bytesWritten } = await this.#file
        .write(rest, 0, rest.length, offset + written)
        .catch((error: unknown) => {
          throw asDiskError(error, this.#path);
        });
      written += bytesWritten;
    }
  }

  /** Resolves when everything so far would survive a power cut. */
  async sync(): Promise<void> {
    await this.#file.sync().catch((error: unknown) => {
      throw asDiskError(error, this.#path);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close();
  }
}
