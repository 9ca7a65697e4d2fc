import type { Client, SFTPWrapper } from 'ssh2';
import { AppError } from '../../errors/app-error.ts';
import type { DialOptions } from './route.ts';
import type { SshTarget } from './ssh-target.ts';
import { openClientTransport, openSftpTransport, type SshTransport } from './transport.ts';

/** Connections to a host that are up together: alive until one of them is not, and never opened again. */
export interface SshConnection {
  readonly target: SshTarget;
  /** For channels. */
  readonly client: Client;
  /** For files, over a connection of its own that is opened on first use. */
  sftp(): Promise<SFTPWrapper>;
  readonly isAlive: boolean;
}

/** An {@link SshConnection}, and the means to end it. */
export class LiveConnection implements SshConnection {
  readonly target: SshTarget;
  readonly client: Client;
  readonly #parts: Omit<DialOptions, 'signal'>;
  readonly #line: SshTransport;
  readonly #lost = new AbortController();
  #files: Promise<{ readonly line: SshTransport; readonly sftp: SFTPWrapper }> | null = null;
  #fileLine: SshTransport | null = null;
  #users = 0;
  #isRetired = false;

  private constructor(parts: DialOptions, client: Client, line: SshTransport) {
    this.target = parts.target;
    this.client = client;
    this.#parts = parts;
    this.#line = line;
    this.#endWith(line);
  }

  /** @throws as `openRoute`. */
  static async open(parts: DialOptions): Promise<LiveConnection> {
    const { client, line } = await openClientTransport(parts);
    return new LiveConnection(parts, client, line);
  }

  /** Aborted once the connection is gone; the reason says why. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  get isAlive(): boolean {
    return !this.#lost.signal.aborted;
  }

  /** Whether it is alive and open to new work. */
  get isUsable(): boolean {
    return this.isAlive && !this.#isRetired;
  }

  /** Whether its part for files is being opened, which has deadlines of its own. */
  get isOpening(): boolean {
    return this.isAlive && this.#files !== null && this.#fileLine === null;
  }

  async sftp(): Promise<SFTPWrapper> {
    this.#files ??= this.#openFiles();
    return (await this.#files).sftp;
  }

  /** Counts someone in who needs the connection; gives what counts them out. */
  enter(): () => void {
    this.#users++;
    let isIn = true;
    return () => {
      if (!isIn) return;
      isIn = false;
      this.#users--;
      this.#closeWhenUnused();
    };
  }

  /**
   * Work took too long on it. A connection that is silent is given up at once; one on which bytes still arrive is
   * left to those who use it, and takes no new work.
   */
  doubt(reason: Error): void {
    const isSuspicious = this.#line.isSuspicious || this.#fileLine?.isSuspicious === true;
    if (isSuspicious) {
      this.close(reason);
      return;
    }
    this.#isRetired = true;
    this.#closeWhenUnused();
  }

  close(reason: Error): void {
    this.#lost.abort(reason);
    this.#line.close(reason);
    this.#fileLine?.close(reason);
  }

  /** Resolves when nothing of it is left, after `close`. */
  async ended(): Promise<void> {
    await Promise.all([this.#line.ended, this.#fileLine?.ended]);
  }

  async #openFiles() {
    try {
      const files = await openSftpTransport({ ...this.#parts, signal: this.#lost.signal });
      this.#fileLine = files.line;
      this.#endWith(files.line);
      return files;
    } catch (error) {
      if (error instanceof AppError) this.#files = null;
      else this.close(error instanceof Error ? error : new Error(String(error)));
      throw error;
    }
  }

  #endWith(line: SshTransport): void {
    const end = () => this.close(line.lost.reason);
    if (line.lost.aborted) end();
    else line.lost.addEventListener('abort', end, { once: true });
  }

  #closeWhenUnused(): void {
    if (this.#isRetired && this.#users === 0) this.close(new Error('it is no longer used'));
  }
}
