import type { AuthenticationType, AuthHandlerMiddleware } from 'ssh2';
import { AppError } from '../../errors/app-error.ts';
import type { Identities, Identity } from './identities.ts';
import { addressOf, type SshTarget, titleOf } from './ssh-target.ts';

/** Offers a host the user's keys, one after the other, and explains afterwards why it took none. */
export class Authentication {
  readonly #target: SshTarget;
  readonly #waiting: Identity[];
  readonly #offered: Identity[] = [];
  readonly #remarks: string[];
  #accepted: readonly string[] | null = null;
  /** A first request without a key shows what the host accepts. */
  #hasAskedFirst: boolean;

  /** @param firstId - The key that was taken the last time; it is offered first. */
  constructor(target: SshTarget, identities: Identities, firstId: string | null) {
    this.#target = target;
    const isFirst = (identity: Identity) => identity.id === firstId;
    const { offered } = identities;
    this.#waiting = [...offered.filter(isFirst), ...offered.filter((identity) => !isFirst(identity))];
    this.#remarks = [...identities.remarks];
    this.#hasAskedFirst = offered.some(isFirst);
  }

  /** What ssh2 asks for the next try. */
  readonly handler: AuthHandlerMiddleware = (methodsLeft, _isPartial, next) => {
    const { user } = this.#target;
    this.#accepted = methodsLeft ?? this.#accepted;
    if (!this.#hasAskedFirst) {
      this.#hasAskedFirst = true;
      next({ type: 'none', username: user });
      return;
    }
    const canOfferKeys = this.#accepted?.includes('publickey') ?? true;
    const identity = canOfferKeys ? this.#waiting.shift() : undefined;
    // ssh2 takes false for "no more", which its types leave out.
    if (!identity) return next(false as unknown as AuthenticationType);
    this.#offered.push(identity);
    next({ type: 'agent', username: user, agent: identity.agent });
  };

  /** The key that is being tried, or was taken. */
  get current(): Identity | null {
    return this.#offered.at(-1) ?? null;
  }

  /** Notes why a key could not be used, such as that its passphrase is wrong. */
  noteFailure(reason: string): void {
    this.#remarks.push(`${this.current?.label ?? 'a key'}: ${reason}`);
  }

  failure(reason: string): AppError {
    const labels = this.#offered.map((identity) => identity.label);
    const offered = labels.length > 0 ? `Offered: ${labels.join(', ')}.` : 'There was no key to offer.';
    const remarks = this.#remarks.length > 0 ? ` (${this.#remarks.join('; ')})` : '';
    return new AppError({
      code: 'host-auth-failed',
      message: `${titleOf(this.#target)} refused the login: ${reason}. ${offered}${remarks}`,
      nextStep: this.#nextStepFor(reason),
    });
  }

  #nextStepFor(reason: string): string {
    const { name, user, hostname, port, identityFiles } = this.#target;
    if (/too many/i.test(reason)) {
      return `Set identity_file under [hosts.${name}]: that key is then offered first.`;
    }
    if (this.#accepted !== null && !this.#accepted.includes('publickey')) {
      return `${addressOf(this.#target)} wants ${this.#accepted.join(' or ')}; cosmos logs in with keys only, so the server has to allow publickey.`;
    }
    const port22 = port === 22 ? '' : `-p ${port} `;
    const file = this.#target.chosenIdentityFile ?? identityFiles[0];
    const key = file === undefined ? '' : `-i "${file}.pub" `;
    return `Let your key in with: ssh-copy-id ${key}${port22}${user}@${hostname}; or set user and identity_file under [hosts.${name}]; a key with a passphrase goes into the agent with ssh-add.`;
  }
}
