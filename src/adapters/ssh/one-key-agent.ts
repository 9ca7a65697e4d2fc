import ssh2, { type IdentityCallback, type SignCallback, type SigningRequestOptions } from 'ssh2';

/** Signs `data` with one key. @param hash - Such as `sha256`, for RSA; undefined where the key's type decides. */
type Sign = (data: Buffer, hash: string | undefined) => Promise<Buffer>;

/**
 * An agent, in ssh2's sense, that holds one key: ssh2 first asks the host whether it would take the key, and has it
 * sign only then. So no passphrase is asked for, and no agent disturbed, for a key that would not be taken.
 */
export class OneKeyAgent extends ssh2.BaseAgent<Buffer> {
  readonly #publicKey: () => Promise<Buffer>;
  readonly #sign: Sign;

  constructor(publicKey: () => Promise<Buffer>, sign: Sign) {
    super();
    this.#publicKey = publicKey;
    this.#sign = sign;
  }

  override getIdentities(callback: IdentityCallback<Buffer>): void {
    this.#publicKey().then(
      (key) => callback(null, [key]),
      (error: Error) => callback(error),
    );
  }

  override sign(
    _publicKey: Buffer,
    data: Buffer,
    options: SigningRequestOptions | SignCallback,
    callback?: SignCallback,
  ): void {
    const done = typeof options === 'function' ? options : callback;
    const hash = typeof options === 'function' ? undefined : options.hash;
    this.#sign(data, hash).then(
      (signature) => done?.(null, signature),
      (error: Error) => done?.(error),
    );
  }
}
