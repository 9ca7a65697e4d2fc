import ssh2, { type ParsedKey } from 'ssh2';
import { readAtMost } from '../files/bounded-read.ts';

/** Asks a person for the passphrase of a key file; null when no person can be asked, or when there is no answer. */
export type AskPassphrase = (keyFile: string) => Promise<string | null>;

/** Far more than any key has. */
const maxKeyBytes = 1024 * 1024;

const maxTries = 3;

/**
 * One private key in a file. What is public of it is known at once wherever the file or its `.pub` says so; the
 * private part is read when the host has said that it would take the key, and kept in memory from then on.
 */
export class PrivateKeyFile {
  readonly path: string;
  /** Null when the file is encrypted in a format that hides it, and there is no `.pub`. */
  readonly publicKey: Buffer | null;
  readonly #content: Buffer;
  readonly #askPassphrase: AskPassphrase;
  #unlocked: Promise<ParsedKey> | null = null;

  private constructor(path: string, content: Buffer, publicKey: Buffer | null, ask: AskPassphrase) {
    this.path = path;
    this.publicKey = publicKey;
    this.#content = content;
    this.#askPassphrase = ask;
  }

  /** Null when there is no such file, or what is in it is no private key. */
  static async read(path: string, askPassphrase: AskPassphrase): Promise<PrivateKeyFile | null> {
    const content = await readAtMost(path, maxKeyBytes).catch(() => null);
    if (content === null) return null;
    const parsed = parse(content);
    const isEncrypted = parsed instanceof Error && /encrypted/i.test(parsed.message);
    if (parsed instanceof Error && !isEncrypted) return null;
    const publicKey =
      parsed instanceof Error
        ? ((await readPublicKey(path)) ?? publicPartInside(content))
        : parsed.getPublicSSH();
    return new PrivateKeyFile(path, content, publicKey, askPassphrase);
  }

  /**
   * The key, ready to sign. Asks for the passphrase when there is one, once for all who wait.
   *
   * @throws Error when it stays locked.
   */
  unlock(): Promise<ParsedKey> {
    this.#unlocked ??= this.#unlock().catch((error: unknown) => {
      this.#unlocked = null;
      throw error;
    });
    return this.#unlocked;
  }

  async #unlock(): Promise<ParsedKey> {
    const plain = parse(this.#content);
    if (!(plain instanceof Error)) return plain;
    for (let attempt = 1; attempt <= maxTries; attempt++) {
      const passphrase = await this.#askPassphrase(this.path);
      if (passphrase === null) throw new Error('its passphrase was not given');
      const parsed = parse(this.#content, passphrase);
      if (!(parsed instanceof Error)) return parsed;
    }
    throw new Error('the passphrase is wrong');
  }
}

/**
 * The public key of an identity whose private part may lie elsewhere, such as in an agent: what `FILE.pub` or FILE
 * itself says. Null when neither has one.
 */
export async function readPublicKey(path: string): Promise<Buffer | null> {
  for (const file of [`${path}.pub`, path]) {
    const content = await readAtMost(file, maxKeyBytes).catch(() => null);
    const parsed = content === null ? null : ssh2.utils.parseKey(content);
    if (parsed !== null && !(parsed instanceof Error) && !Array.isArray(parsed)) return parsed.getPublicSSH();
  }
  return null;
}

/** Only private keys count; ssh2 gives a list for formats that may hold several. */
function parse(content: Buffer, passphrase?: string): ParsedKey | Error {
  const parsed: ParsedKey | readonly ParsedKey[] | Error = ssh2.utils.parseKey(content, passphrase);
  const key = Array.isArray(parsed) ? (parsed[0] as ParsedKey | undefined) : (parsed as ParsedKey | Error);
  if (key === undefined) return new Error('no key');
  return key instanceof Error || key.isPrivateKey() ? key : new Error('not a private key');
}

/**
 * The head of OpenSSH's own format is not encrypted. `openssh-key-v1`: after the magic, strings for cipher, derivation
 * and its options, a count, the public key.
 */
function publicPartInside(content: Buffer): Buffer | null {
  const text = content.toString('latin1');
  const encoded = /-----BEGIN OPENSSH PRIVATE KEY-----([\s\S]+?)-----END/.exec(text)?.[1];
  if (!encoded) return null;
  const bytes = Buffer.from(encoded, 'base64');
  const magic = 'openssh-key-v1\0';
  if (bytes.toString('latin1', 0, magic.length) !== magic) return null;
  try {
    let at = magic.length;
    for (let strings = 0; strings < 3; strings++) at += 4 + bytes.readUInt32BE(at);
    const start = at + 8;
    const end = start + bytes.readUInt32BE(at + 4);
    return end <= bytes.length ? bytes.subarray(start, end) : null;
  } catch {
    return null;
  }
}
