import { Duplex } from 'node:stream';
import type { ClientChannel } from 'ssh2';

/** The connection under a channel is lost: what was written to it may or may not have arrived. */
class ChannelLostError extends Error {
  override readonly name = 'ChannelLostError';
  readonly code = 'ECONNRESET';
}

/**
 * An SSH channel that behaves as a socket does. ssh2's own stream ends a channel whose connection was lost as if the
 * other side had written all it had to write, waits for the other side when it is destroyed, and has no timeouts;
 * HTTP depends on all three.
 */
export class ChannelStream extends Duplex {
  readonly #channel: ClientChannel;
  readonly #isAlive: () => boolean;
  #idleTimer: NodeJS.Timeout | null = null;
  // The connection below has keepalive of its own, is without delay, and keeps the process alive or does not.
  readonly setKeepAlive = (): this => this;
  readonly setNoDelay = (): this => this;
  readonly ref = (): this => this;
  readonly unref = (): this => this;
  /** Milliseconds of `setTimeout`; http.Agent reads it. */
  timeout = 0;
  bytesRead = 0;

  /** @param isAlive - Whether the connection under the channel is there. */
  constructor(channel: ClientChannel, isAlive: () => boolean) {
    super({ allowHalfOpen: false, readableHighWaterMark: 1 << 18, writableHighWaterMark: 1 << 18 });
    this.#channel = channel;
    this.#isAlive = isAlive;
    channel.on('data', (chunk: Buffer) => {
      this.bytesRead += chunk.length;
      this.#idleTimer?.refresh();
      if (!this.push(chunk)) channel.pause();
    });
    channel.on('end', () => this.#onEnd());
    channel.on('close', () => this.#onClose());
    channel.on('error', (error: Error) => this.destroy(error));
  }

  override _read(): void {
    this.#channel.resume();
  }

  override _write(chunk: Buffer, encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
    this.#idleTimer?.refresh();
    this.#channel.write(chunk, encoding, callback);
  }

  override _final(callback: () => void): void {
    this.#channel.end();
    callback();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.setTimeout(0);
    // What the other side still sends is thrown away, so that the channel ends there too.
    this.#channel.resume();
    this.#channel.destroy();
    callback(error);
  }

  /** Emits `timeout` when nothing was sent or received for `ms`; 0 turns it off. */
  setTimeout(ms: number, onTimeout?: () => void): this {
    if (this.#idleTimer) clearTimeout(this.#idleTimer);
    this.timeout = ms;
    this.#idleTimer = ms > 0 ? setTimeout(() => this.emit('timeout'), ms).unref() : null;
    if (onTimeout) {
      if (ms > 0) this.once('timeout', onTimeout);
      else this.off('timeout', onTimeout);
    }
    return this;
  }

  /** Destroys once everything was written; net.Socket has it. */
  destroySoon(): void {
    if (this.writableFinished) this.destroy();
    else this.end(() => this.destroy());
  }

  #onEnd(): void {
    if (this.#isAlive()) this.push(null);
    else this.#lose();
  }

  #onClose(): void {
    if (!this.#isAlive()) this.#lose();
    else if (this.readableEnded) this.destroy();
    else this.once('end', () => this.destroy());
  }

  #lose(): void {
    this.destroy(new ChannelLostError('the SSH connection was lost'));
  }
}

/** An SSH server's refusal of a channel, as ssh2 throws it. */
export interface ChannelRefusal extends Error {
  /** Of RFC 4254: 1 administratively prohibited, 2 connect failed, 3 unknown channel type, 4 resource shortage. */
  readonly reason: number;
}

/** Whether an error is a server's refusal of a channel, and no failure of the connection. */
export function isChannelRefusal(error: unknown): error is ChannelRefusal {
  return error instanceof Error && 'reason' in error && typeof error.reason === 'number';
}

/** Whether the server said that such channels are not allowed, or that it knows none. */
export function isForbidden(refusal: ChannelRefusal): boolean {
  return refusal.reason === 1 || refusal.reason === 3;
}
