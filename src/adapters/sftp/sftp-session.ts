import { posix } from 'node:path';
import type { FileEntryWithStats, SFTPWrapper, Stats } from 'ssh2';
import { listFolder } from './list-folder.ts';
import { isSftpStatus, sftpStatus, whyWritingFailed } from './sftp-errors.ts';

/** Bytes of one write request: OpenSSH takes 256 KiB packets, headers included. */
const writeChunkBytes = 255 * 1024;

/** Free and total bytes of a file system. */
export interface DiskSpace {
  readonly freeBytes: number;
  readonly totalBytes: number;
  readonly isReadOnly: boolean;
}

type Done<Value> = (error: Error | null | undefined, value: Value) => void;

/**
 * Files of a host by absolute POSIX path. Missing files are null or no error; a disk that is full or takes no writes
 * is an `AppError` of code `disk-full` or `disk-read-only`; other refusals are errors with a numeric SFTP `code`.
 */
export class SftpSession {
  readonly #sftp: SFTPWrapper;
  readonly #hostName: string;

  constructor(sftp: SFTPWrapper, hostName: string) {
    this.#sftp = sftp;
    this.#hostName = hostName;
  }

  /** The path with `.` and links resolved; the home folder for `.`. */
  async realPath(path: string): Promise<string> {
    return await call<string>((done) => this.#sftp.realpath(path, done));
  }

  async stat(path: string): Promise<Stats | null> {
    return await orNull(call<Stats>((done) => this.#sftp.stat(path, done)));
  }

  async readFile(path: string): Promise<Buffer | null> {
    return await orNull(call<Buffer>((done) => this.#sftp.readFile(path, done)));
  }

  /** At most `length` bytes from an offset on; null when there is no such file. */
  async readPart(path: string, offset: number, length: number): Promise<Buffer | null> {
    const handle = await orNull(call<Buffer>((done) => this.#sftp.open(path, 'r', done)));
    if (handle === null) return null;
    try {
      const parts: Buffer[] = [];
      let have = 0;
      while (have < length) {
        const part = await this.#readAt(handle, offset + have, Math.min(length - have, 64 * 1024));
        if (part.length === 0) break;
        parts.push(part);
        have += part.length;
      }
      return Buffer.concat(parts);
    } finally {
      await this.close(handle);
    }
  }

  /** What lies in a folder, in no order; empty when there is none. */
  async list(folder: string): Promise<readonly FileEntryWithStats[]> {
    return (await orNull(listFolder(this.#sftp, folder))) ?? [];
  }

  /** Makes a folder and those above it, for this user alone. */
  async makeFolder(folder: string): Promise<void> {
    const making = call<void>((done) => this.#sftp.mkdir(folder, { mode: 0o700 }, asDone(done)));
    // Asked at the same time: mostly it is there already, and a far host's answer takes a while.
    const [made, found] = await Promise.allSettled([making, this.stat(folder)]);
    if (made.status === 'fulfilled' || (found.status === 'fulfilled' && found.value?.isDirectory())) return;
    if (!isSftpStatus(made.reason, sftpStatus.noSuchFile) || folder === '/')
      throw await this.#whyWritingFailed(made.reason, folder);
    await this.makeFolder(posix.dirname(folder));
    await this.makeFolder(folder);
  }

  /** Opens a file for writing, and makes the folders above it if need be. */
  async openForWriting(path: string, flags: 'w' | 'wx' | 'r+' | 'a'): Promise<Buffer> {
    const open = () =>
      this.#writing<Buffer>(path, (done) => this.#sftp.open(path, flags, { mode: 0o644 }, done));
    try {
      return await open();
    } catch (error) {
      if (!isSftpStatus(error, sftpStatus.noSuchFile) || flags === 'r+') throw error;
      await this.makeFolder(posix.dirname(path));
      return await open();
    }
  }

  /** Writes bytes at an offset, all requests on their way at once. */
  async write(
    handle: Buffer,
    path: string,
    bytes: Buffer,
    offset: number,
    progress: () => void = () => undefined,
  ): Promise<void> {
    const writes: Promise<void>[] = [];
    for (let at = 0; at < bytes.length; at += writeChunkBytes) {
      const length = Math.min(writeChunkBytes, bytes.length - at);
      writes.push(
        this.#writing<void>(path, (done) =>
          this.#sftp.write(handle, bytes, at, length, offset + at, asDone(done)),
        ).then(progress),
      );
    }
    await Promise.all(writes);
  }

  /** Waits until a file's bytes are on the disk, where the server can do that. */
  async sync(handle: Buffer, path: string): Promise<void> {
    await this.#writing<unknown>(path, (done) =>
      this.#sftp.ext_openssh_fsync(handle, (error, value: unknown) => done(error, value)),
    );
  }

  async close(handle: Buffer): Promise<void> {
    await call<void>((done) => this.#sftp.close(handle, asDone(done)));
  }

  /** Renames over whatever has the name. */
  async rename(from: string, to: string): Promise<void> {
    await this.#writing<void>(to, (done) => this.#sftp.ext_openssh_rename(from, to, asDone(done)));
  }

  /** Removes a file; one that is not there is no error. */
  async remove(path: string): Promise<void> {
    await orNull(call<void>((done) => this.#sftp.unlink(path, asDone(done))));
  }

  /** Removes an empty folder; one that is not there is no error. */
  async removeFolder(path: string): Promise<void> {
    await orNull(call<void>((done) => this.#sftp.rmdir(path, asDone(done))));
  }

  async changeOwner(path: string, uid: number, gid: number): Promise<void> {
    await call<void>((done) => this.#sftp.chown(path, uid, gid, asDone(done)));
  }

  async changeMode(path: string, mode: number): Promise<void> {
    await call<void>((done) => this.#sftp.chmod(path, mode, asDone(done)));
  }

  /** Space of the file system that holds a path; null where the server does not tell. */
  async space(path: string): Promise<DiskSpace | null> {
    return await spaceOf(this.#sftp, path);
  }

  #readAt(handle: Buffer, position: number, length: number): Promise<Buffer> {
    const buffer = Buffer.alloc(length);
    return call<Buffer>((done) =>
      this.#sftp.read(handle, buffer, 0, length, position, (error, bytesRead) => {
        if (error && !isSftpStatus(error, sftpStatus.endOfFile)) done(error, buffer);
        else done(null, buffer.subarray(0, error ? 0 : bytesRead));
      }),
    );
  }

  /** SFTP has one word for a full disk, a read-only one and much else; the file system is asked what it was. */
  async #writing<Value>(path: string, start: (done: Done<Value>) => void): Promise<Value> {
    try {
      return await call(start);
    } catch (error) {
      throw await this.#whyWritingFailed(error, path);
    }
  }

  #whyWritingFailed(error: unknown, path: string): Promise<unknown> {
    return whyWritingFailed(error, this.#hostName, path, (folder) => this.space(folder));
  }
}

function call<Value>(start: (done: Done<Value>) => void): Promise<Value> {
  return new Promise((resolve, reject) => {
    start((error, value) => (error ? reject(error) : resolve(value)));
  });
}

function asDone(done: Done<void>): (error?: Error | null) => void {
  return (error) => done(error, undefined);
}

async function orNull<Value>(promise: Promise<Value>): Promise<Value | null> {
  try {
    return await promise;
  } catch (error) {
    if (isSftpStatus(error, sftpStatus.noSuchFile)) return null;
    throw error;
  }
}

async function spaceOf(sftp: SFTPWrapper, path: string): Promise<DiskSpace | null> {
  try {
    const found = await call<Record<string, number | bigint>>((done) => sftp.ext_openssh_statvfs(path, done));
    const unit = Number(found['f_frsize'] ?? found['f_bsize'] ?? 0);
    return {
      freeBytes: Number(found['f_bavail'] ?? 0) * unit,
      totalBytes: Number(found['f_blocks'] ?? 0) * unit,
      isReadOnly: (Number(found['f_flag'] ?? 0) & 1) === 1,
    };
  } catch {
    return null;
  }
}
