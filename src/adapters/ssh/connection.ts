import type { Client, SFTPWrapper } from 'ssh2';
import { onAbort } from '../../async/abort.ts';
import { AppError } from '../../errors/app-error.ts';
import type { DialOptions } from './route.ts';
import type { SshTarget } from './ssh-target.ts';
import { openClientTransport, openSftpTransport, type SshTransport } from './transport.ts';

/** The connections to a host that are up together: alive until one of them is lost, and never opened again. */
export class LiveConnection {
  readonly target: SshTarget;
  /** For channels. */
  readonly client: Client;
  readonly #options: Omit<DialOptions, 'signal'>;
  readonly #transport: SshTransport;
  readonly #lost = new AbortController();
  /** Aborted once the connection is gone; the reason says why. */
  readonly lost = this.#lost.signal;
  #sftp: Promise<SFTPWrapper> | null = null;
  #sftpTransport: SshTransport | null = null;
  #users = 0;
  #isRetired = false;

  private constructor(options: DialOptions, client: Client, transport: SshTransport) {
    this.target = options.target;
    this.client = client;
    this.#options = options;
    this.#transport = transport;
    this.#endWith(transport);
  }

  /** @throws as `openRoute`. */
  static async open(options: DialOptions): Promise<LiveConnection> {
    const { client, transport } = await openClientTransport(options);
    return new LiveConnection(options, client, transport);
  }

  get isAlive(): boolean {
    return !this.lost.aborted;
  }

  get isUsable(): boolean {
    return this.isAlive && !this.#isRetired;
  }

  /** Whether its part for files is being opened, which has deadlines of its own. */
  get isOpening(): boolean {
    return this.isAlive && this.#sftp !== null && this.#sftpTransport === null;
  }

  /** For files, over a connection of its own that is opened on first use. */
  sftp(): Promise<SFTPWrapper> {
    this.#sftp ??= this.#openSftp();
    return this.#sftp;
  }

  /** Counts one user of the connection; gives what ends the use. */
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
   * Work took too long on it. A connection that is silent is closed at once; one on which bytes still arrive keeps its
   * users, and takes no new work.
   */
  doubt(reason: Error): void {
    const isSuspicious = this.#transport.isSuspicious || this.#sftpTransport?.isSuspicious;
    if (isSuspicious) this.close(reason);
    else this.#isRetired = true;
    this.#closeWhenUnused();
  }

  close(reason: Error): void {
    this.#lost.abort(reason);
    this.#transport.close(reason);
    this.#sftpTransport?.close(reason);
  }

  /** Resolves when nothing of it is left, after `close`. */
  async ended(): Promise<void> {
    await Promise.all([this.#transport.ended, this.#sftpTransport?.ended]);
  }

  async #openSftp(): Promise<SFTPWrapper> {
    try {
      const { transport, sftp } = await openSftpTransport({ ...this.#options, signal: this.lost });
      this.#sftpTransport = transport;
      this.#endWith(transport);
      return sftp;
    } catch (error) {
      if (error instanceof AppError) this.#sftp = null;
      else this.close(error instanceof Error ? error : new Error(String(error)));
      throw error;
    }
  }

  #endWith({ lost }: SshTransport): void {
    onAbort(lost, () => this.close(lost.reason));
  }

  #closeWhenUnused(): void {
    if (this.isAlive && this.#isRetired && this.#users === 0) this.close(new Error('it is no longer used'));
  }
}
