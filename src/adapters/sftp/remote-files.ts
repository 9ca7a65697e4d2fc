import { Mutex } from '../../async/limits.ts';
import { mostSharedBytes } from '../../ports/file-store.ts';
import type { SshLink } from '../ssh/ssh-link.ts';
import { cacheCipherKey } from './cache-cipher-key.ts';
import { SftpSession } from './sftp-session.ts';

/** How long a step may go without an answer of the server, in milliseconds. */
const stepTimeoutMs = 30_000;

/** Files up to this size, in bytes, are read side by side; of larger ones only one at a time is in memory. */
const smallBytes = 1024 * 1024;
const readingLarge = new Mutex();

/** Files of one host over its supervised link: every step may be repeated, so that a lost connection is no error. */
export class RemoteFiles {
  readonly hostName: string;
  readonly #link: SshLink;

  constructor(link: SshLink, hostName: string) {
    this.#link = link;
    this.hostName = hostName;
  }

  /** Does something that may be done twice; again when the connection is lost, or when the server falls silent. */
  async step<Value>(work: (session: SftpSession) => Promise<Value>): Promise<Value> {
    return await this.#link.use(
      async (connection, attempt) => {
        const sftp = await connection.sftp();
        cacheCipherKey(sftp);
        return await work(new SftpSession(sftp, this.hostName, () => attempt.progress()));
      },
      { deadlineMs: stepTimeoutMs },
    );
  }

  /** A file's content; null when there is none. @throws RangeError as `SftpSession.readFile`. */
  async readFile(path: string, maxBytes = mostSharedBytes): Promise<Buffer | null> {
    const readAtMost = (bytes: number) => this.step((session) => session.readFile(path, bytes));
    if (maxBytes <= smallBytes) return await readAtMost(maxBytes);
    try {
      return await readAtMost(smallBytes);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      return await readingLarge.run(() => readAtMost(maxBytes));
    }
  }
}
