import { type FileHandle, mkdir, open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';

/** More than this is not kept in memory for a disk that is too slow, in bytes. */
const maxPendingBytes = 1024 * 1024;

/** A log of bounded size: when it is full it becomes `<path>.1`, in place of the one before. Never throws. */
export class RotatingLog {
  readonly #path: string;
  readonly #maxBytes: number;
  #file: FileHandle | null = null;
  #sizeBytes = 0;
  #pending: string[] = [];
  #pendingBytes = 0;
  #writing: Promise<void> | null = null;

  constructor(path: string, maxBytes: number) {
    this.#path = path;
    this.#maxBytes = maxBytes;
  }

  /** Adds a line; it is left out when the disk cannot take it. */
  add(line: string): void {
    const text = `${line}\n`;
    const bytes = Buffer.byteLength(text);
    if (this.#pendingBytes + bytes > maxPendingBytes) return;
    this.#pending.push(text);
    this.#pendingBytes += bytes;
    this.#writing ??= this.#writeAll().finally(() => {
      this.#writing = null;
    });
  }

  /** Writes what is left and closes the file; the next line opens it again. */
  async close(): Promise<void> {
    await this.#writing;
    await this.#closeFile();
  }

  async #writeAll(): Promise<void> {
    while (this.#pending.length > 0) {
      const text = this.#pending.join('');
      this.#pending = [];
      this.#pendingBytes = 0;
      try {
        await this.#write(text);
      } catch {
        // A full disk costs lines of this log, and nothing else.
        await this.#closeFile();
      }
    }
  }

  async #write(text: string): Promise<void> {
    const bytes = Buffer.byteLength(text);
    this.#file ??= await this.#open();
    if (this.#sizeBytes > 0 && this.#sizeBytes + bytes > this.#maxBytes) {
      await this.#closeFile();
      await rename(this.#path, `${this.#path}.1`);
      this.#file = await this.#open();
    }
    await this.#file.appendFile(text);
    this.#sizeBytes += bytes;
  }

  async #open(): Promise<FileHandle> {
    await mkdir(dirname(this.#path), { recursive: true });
    const file = await open(this.#path, 'a', 0o600);
    this.#sizeBytes = (await file.stat()).size;
    return file;
  }

  async #closeFile(): Promise<void> {
    const file = this.#file;
    this.#file = null;
    await file?.close().catch(() => undefined);
  }
}
