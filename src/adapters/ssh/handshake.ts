import { getCiphers } from 'node:crypto';
import type { Duplex } from 'node:stream';
import type { CipherAlgorithm, ConnectConfig } from 'ssh2';
import { AppError, messageOf } from '../../errors/app-error.ts';
import { Authentication } from './authentication.ts';
import type { Identities, IdentityStore } from './identities.ts';
import { type KnownHosts, readKnownHosts } from './known-hosts.ts';
import { addressOf, type SshTarget, titleOf } from './ssh-target.ts';

/** What all connections of a process know about keys. */
export interface Access {
  readonly identities: IdentityStore;
  /** Id of the key that was taken the last time, by `user@host:port`. */
  readonly takenIds: Map<string, string>;
}

/** Ciphers in hardware first: measured, they are the fastest by far. */
const ciphers: CipherAlgorithm[] = [
  'aes128-gcm@openssh.com',
  'aes256-gcm@openssh.com',
  'aes128-ctr',
  'aes192-ctr',
  'aes256-ctr',
  ...(getCiphers().includes('chacha20') ? ['chacha20-poly1305@openssh.com' as const] : []),
];

/** One handshake with one host: the host's key is checked before anything else, then the user's keys are offered. */
export class Handshake {
  readonly #target: SshTarget;
  readonly #access: Access;
  readonly #knownHosts: KnownHosts;
  readonly #authentication: Authentication;
  #refusal: AppError | null = null;

  private constructor(target: SshTarget, access: Access, knownHosts: KnownHosts, identities: Identities) {
    const takenId = access.takenIds.get(addressOf(target)) ?? null;
    this.#target = target;
    this.#access = access;
    this.#knownHosts = knownHosts;
    this.#authentication = new Authentication(target, identities, takenId);
  }

  static async prepare(target: SshTarget, access: Access): Promise<Handshake> {
    const [knownHosts, identities] = await Promise.all([
      readKnownHosts(target),
      access.identities.identitiesFor(target),
    ]);
    return new Handshake(target, access, knownHosts, identities);
  }

  /** What ssh2 needs. The deadline is the caller's, because a person may have to be asked meanwhile. */
  config(sock: Duplex, keepaliveMs: number): ConnectConfig {
    return {
      sock: sock as NonNullable<ConnectConfig['sock']>,
      username: this.#target.user,
      authHandler: this.#authentication.handler,
      hostVerifier: (key: Buffer) => {
        this.#refusal = this.#knownHosts.refusalOf(key);
        return this.#refusal === null;
      },
      algorithms: {
        serverHostKey: this.#knownHosts.wantedAlgorithms,
        cipher: ciphers,
        compress: ['none'],
      },
      // The server itself says whether it forwards to sockets, and not its name.
      strictVendor: false,
      readyTimeout: 0,
      keepaliveInterval: keepaliveMs,
      // `watchSilence` notices a lost connection by bytes that do not arrive. ssh2's own count would take a slow upload,
      // whose bytes wait before the request for a sign of life, for a lost connection.
      keepaliveCountMax: Number.MAX_SAFE_INTEGER,
    };
  }

  succeeded(): void {
    const taken = this.#authentication.current;
    if (taken) this.#access.takenIds.set(addressOf(this.#target), taken.id);
  }

  /** Whether an error that ssh2 reports leaves the handshake running: a key that cannot be used is passed over. */
  isMinor(error: Error & { readonly level?: string }): boolean {
    if (error.level !== 'agent') return false;
    this.#authentication.noteFailure(error.message);
    return true;
  }

  /** The error of a failed handshake: an AppError when trying again cannot help, else what happened. */
  errorFor(cause: unknown): unknown {
    if (this.#refusal) return this.#refusal;
    if (cause instanceof AppError) return cause;
    const reason = messageOf(cause);
    if (/too many authentication failures/i.test(reason)) {
      return this.#authentication.failure('too many keys were offered');
    }
    if (/all configured authentication methods failed/i.test(reason)) {
      return this.#authentication.failure('it took none of the keys');
    }
    if (/no matching|unsupported version|invalid identification/i.test(reason)) {
      return new AppError({
        code: 'host-refused',
        message: `${titleOf(this.#target)} and cosmos have no SSH algorithms in common: ${reason}.`,
        nextStep: 'Is this the port of an SSH server? If it is, update the server (OpenSSH 7.2 or newer).',
        cause,
      });
    }
    return cause;
  }
}
