import { posix } from 'node:path';
import { pMapIterable } from 'p-map';
import type { FileEntryWithStats, SFTPWrapper, Stats } from 'ssh2';
import { AppError } from '../../errors/app-error.ts';
import { listFolder, type RemoteEntry } from './list-folder.ts';
import { isSftpStatus, notAFile, orNull, sftpStatus, whyWritingFailed } from './sftp-errors.ts';

/** Bytes of one write request: OpenSSH takes 256 KiB packets, headers included. */
const writeChunkBytes = 255 * 1024;

/** Bytes of one read request, which every server answers whole. */
const readChunkBytes = 64 * 1024;

/** Reads of one file on their way at once. */
const readsAtOnce = 32;

interface DiskSpace {
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
  readonly hostName: string;
  readonly #progress: () => void;

  /** @param progress - Called when a request succeeds. */
  constructor(sftp: SFTPWrapper, hostName: string, progress: () => void) {
    this.#sftp = sftp;
    this.hostName = hostName;
    this.#progress = progress;
  }

  /** The path with `.` and links resolved; the home folder for `.`. */
  async realPath(path: string): Promise<string> {
    return await this.#call<string>((done) => this.#sftp.realpath(path, done));
  }

  /** Follows links. */
  async stat(path: string): Promise<Stats | null> {
    return await orNull(this.#call<Stats>((done) => this.#sftp.stat(path, done)));
  }

  /** Of a link, not of what it leads to. */
  async lstat(path: string): Promise<Stats | null> {
    return await orNull(this.#call<Stats>((done) => this.#sftp.lstat(path, done)));
  }

  /** @throws RangeError for a file of more than `maxBytes`, which is not read whole, and for what is no file. */
  async readFile(path: string, maxBytes: number): Promise<Buffer | null> {
    const bytes = await this.readPart(path, 0, maxBytes + 1);
    if (bytes !== null && bytes.length > maxBytes)
      throw new RangeError(`${this.hostName}: ${path} has more than ${maxBytes} bytes`);
    return bytes;
  }

  /** At most `length` bytes from an offset on; null when there is no such file. @throws As `readChunks`. */
  async readPart(path: string, offset: number, length: number): Promise<Buffer | null> {
    const chunks = await orNull(Array.fromAsync(this.readChunks(path, offset, length)));
    return chunks && Buffer.concat(chunks);
  }

  /**
   * The same, given in order as it arrives; a file that is not there is an error. Only a file is opened: opening a pipe
   * would keep the server waiting, and a link may lead anywhere.
   *
   * @throws RangeError for what is no file.
   */
  async *readChunks(path: string, offset: number, length: number): AsyncGenerator<Buffer, void> {
    const found = await this.#call<Stats>((done) => this.#sftp.lstat(path, done));
    if (!found.isFile()) throw notAFile(this.hostName, path);
    const handle = await this.#call<Buffer>((done) => this.#sftp.open(path, 'r', done));
    try {
      const [{ size }, first] = await Promise.all([
        this.#call<Stats>((done) => this.#sftp.fstat(handle, done)),
        this.#readAt(handle, offset, Math.min(length, readChunkBytes)),
      ]);
      yield first;
      const end = first.length === readChunkBytes ? Math.min(size, offset + length) : 0;
      const read = (at: number) => this.#readAt(handle, at, Math.min(readChunkBytes, end - at));
      const starts = placesFrom(offset + first.length, end);
      yield* pMapIterable(starts, read, { concurrency: readsAtOnce, backpressure: 2 * readsAtOnce });
    } finally {
      // Nothing depends on when, or whether, it is closed.
      this.#sftp.close(handle, () => undefined);
    }
  }

  /**
   * What `pick` keeps of a folder's entries, in no order; empty when there is none. Costs a far host two round trips,
   * because many requests are on their way at once.
   *
   * @throws AppError `host-refused` for a listing without an end.
   */
  async list<Kept>(folder: string, pick: (entry: RemoteEntry) => Kept | null): Promise<Kept[]> {
    const handle = await orNull(this.#call<Buffer>((done) => this.#sftp.opendir(folder, done)));
    if (handle === null) return [];
    const readdir = (take: (entries: readonly FileEntryWithStats[]) => void) =>
      this.#call<void>((done) =>
        this.#sftp.readdir(handle, (error, entries) => {
          if (!error) take(entries);
          done(error, undefined);
        }),
      );
    try {
      return await listFolder({ hostName: this.hostName, folder, readdir, pick });
    } finally {
      this.#sftp.close(handle, () => undefined);
    }
  }

  /** Makes a folder and those above it, for this user alone. */
  async makeFolder(folder: string): Promise<void> {
    let failure = await this.#tryToMake(folder);
    if (isSftpStatus(failure, sftpStatus.noSuchFile) && folder !== '/') {
      await this.makeFolder(posix.dirname(folder));
      failure = await this.#tryToMake(folder);
    }
    if (failure !== null) throw await this.#whyWritingFailed(failure, folder);
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
  async write(handle: Buffer, path: string, bytes: Buffer, offset: number): Promise<void> {
    const writes: Promise<void>[] = [];
    for (let at = 0; at < bytes.length; at += writeChunkBytes) {
      const length = Math.min(writeChunkBytes, bytes.length - at);
      const start = (done: Done<void>) =>
        this.#sftp.write(handle, bytes, at, length, offset + at, asDone(done));
      writes.push(this.#writing(path, start));
    }
    await Promise.all(writes);
  }

  /** Waits until a file's bytes are on the disk, where the server can do that. */
  async sync(handle: Buffer, path: string): Promise<void> {
    await this.#writing<void>(path, (done) => this.#sftp.ext_openssh_fsync(handle, asDone(done)));
  }

  async close(handle: Buffer): Promise<void> {
    await this.#call<void>((done) => this.#sftp.close(handle, asDone(done)));
  }

  /** Renames over whatever has the name. */
  async rename(from: string, to: string): Promise<void> {
    await this.#writing<void>(to, (done) => this.#sftp.ext_openssh_rename(from, to, asDone(done)));
  }

  /**
   * Gives a file a second name, unless there is a file of that name.
   *
   * @returns whether it was given; false also when it has that name already, as after a lost connection.
   */
  async link(from: string, to: string): Promise<boolean> {
    try {
      await this.#call<void>((done) => this.#sftp.ext_openssh_hardlink(from, to, asDone(done)));
      return true;
    } catch (error) {
      // The protocol has one status for a name that is taken and much else.
      if ((await this.lstat(to)) !== null) return false;
      throw await this.#whyWritingFailed(error, to);
    }
  }

  /** Removes a file; one that is not there is no error. */
  async remove(path: string): Promise<void> {
    await orNull(this.#call<void>((done) => this.#sftp.unlink(path, asDone(done))));
  }

  /** Removes an empty folder; one that is not there is no error. */
  async removeFolder(path: string): Promise<void> {
    await orNull(this.#call<void>((done) => this.#sftp.rmdir(path, asDone(done))));
  }

  /**
   * Checks that folders are no links: what is written, listed or removed below a link happens elsewhere, and a program
   * in a container could have put one there. A folder that is missing is fine.
   *
   * @throws AppError `host-refused`
   */
  async refuseLinks(folders: readonly string[]): Promise<void> {
    const found = await Promise.all(folders.map((folder) => this.lstat(folder)));
    const at = found.findIndex((stats) => stats !== null && !stats.isDirectory());
    if (at === -1) return;
    throw new AppError({
      code: 'host-refused',
      message: `There is a link or a file on the host where cosmos needs a folder: ${folders[at]}.`,
      nextStep:
        'Find out who put it there, remove it, and run the command again. To use a larger disk, set remote_root.',
    });
  }

  async changeOwner(path: string, uid: number, gid: number): Promise<void> {
    await this.#writing<void>(path, (done) => this.#sftp.chown(path, uid, gid, asDone(done)));
  }

  async changeMode(path: string, mode: number): Promise<void> {
    await this.#writing<void>(path, (done) => this.#sftp.chmod(path, mode, asDone(done)));
  }

  /** Space of the file system that holds a path; null where the server does not say. */
  async space(path: string): Promise<DiskSpace | null> {
    try {
      const found = await this.#call<Record<string, number | bigint>>((done) =>
        this.#sftp.ext_openssh_statvfs(path, done),
      );
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

  async #call<Value>(start: (done: Done<Value>) => void): Promise<Value> {
    const answer = await new Promise<Value>((resolve, reject) => {
      start((error, value) => (error ? reject(error) : resolve(value)));
    });
    this.#progress();
    return answer;
  }

  #readAt(handle: Buffer, position: number, length: number): Promise<Buffer> {
    const buffer = Buffer.alloc(length);
    return this.#call<Buffer>((done) =>
      this.#sftp.read(handle, buffer, 0, length, position, (error, bytesRead) => {
        if (error && !isSftpStatus(error, sftpStatus.endOfFile)) done(error, buffer);
        else done(null, buffer.subarray(0, error ? 0 : bytesRead));
      }),
    );
  }

  /** SFTP has one status for a full disk, a read-only one and much else; the state of the file system says which it was. */
  async #writing<Value>(path: string, start: (done: Done<Value>) => void): Promise<Value> {
    try {
      return await this.#call(start);
    } catch (error) {
      throw await this.#whyWritingFailed(error, path);
    }
  }

  /** Makes a folder. @returns null when it is there now, else why it is not. */
  async #tryToMake(folder: string): Promise<unknown> {
    const making = this.#call<void>((done) => this.#sftp.mkdir(folder, { mode: 0o700 }, asDone(done)));
    // Queried at the same time: mostly it is there already, and a far host's answer takes a while.
    const [made, found] = await Promise.allSettled([making, this.stat(folder)]);
    const isThere = found.status === 'fulfilled' && found.value?.isDirectory() === true;
    return made.status === 'fulfilled' || isThere ? null : made.reason;
  }

  #whyWritingFailed(error: unknown, path: string): Promise<unknown> {
    return whyWritingFailed(error, this.hostName, path, (folder) => this.space(folder));
  }
}

/** Made as they are needed: a size is what the server says, and may be any number. */
function* placesFrom(start: number, end: number): Generator<number> {
  for (let at = start; at < end; at += readChunkBytes) yield at;
}

function asDone(done: Done<void>): (error?: Error | null) => void {
  return (error) => done(error, undefined);
}
