import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { ServerHostKeyAlgorithm } from 'ssh2';
import { AppError } from '../../errors/app-error.ts';
import { type KnownHostLine, keyTypeOf, matchesHost, parseKnownHosts } from './known-hosts-lines.ts';
import { keyNameOf, type SshTarget, sshCommand, titleOf } from './ssh-target.ts';

/** Algorithms of host keys, best first; a type on file goes before them. */
const algorithms: readonly ServerHostKeyAlgorithm[] = [
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'rsa-sha2-512',
  'rsa-sha2-256',
];

/** What `known_hosts` says about the key a host showed. */
type HostKeyVerdict =
  | { readonly kind: 'known'; readonly line: KnownHostLine }
  /** `otherTypes`: types of the keys that are on file for the host, when only the one it showed is not. */
  | { readonly kind: 'unknown'; readonly otherTypes: readonly string[] }
  /** Another key of the same type is on file. */
  | { readonly kind: 'changed'; readonly line: KnownHostLine }
  | { readonly kind: 'revoked'; readonly line: KnownHostLine };

/** The names of a host in `known_hosts`: with the port first, then without, as OpenSSH looks them up. */
interface HostNames {
  readonly name: string;
  /** Used when `name` is not on file at all, and only to accept or revoke a key. */
  readonly fallback: string | null;
}

/** What is on file about a host's key. Read once for each connection, so that a key just added counts at once. */
export class KnownHosts {
  readonly #target: SshTarget;
  readonly #names: HostNames;
  readonly #lines: readonly KnownHostLine[];

  private constructor(target: SshTarget, lines: readonly KnownHostLine[]) {
    this.#target = target;
    this.#names = namesOf(target);
    this.#lines = lines;
  }

  /** Reads the target's files. One that is not there has no lines, so that every key in it is unknown. */
  static async read(target: SshTarget): Promise<KnownHosts> {
    const files = await Promise.all(target.knownHostsFiles.map(linesOf));
    return new KnownHosts(target, files.flat());
  }

  /** Algorithms to ask the host for: those whose keys are on file first, so that it shows one that can be checked. */
  wantedAlgorithms(): ServerHostKeyAlgorithm[] {
    const types = keyTypesOnFile(this.#lines, this.#names);
    const known = types.flatMap((type) => algorithms.filter((algorithm) => typeOf(algorithm) === type));
    return [...new Set([...known, ...algorithms])];
  }

  /** Null when the key is on file, else the refusal: there is no way to go on without the check. */
  refusalOf(key: Buffer): AppError | null {
    const verdict = judgeHostKey(this.#lines, this.#names, key);
    if (verdict.kind === 'known') return null;
    const fingerprint = `${keyTypeOf(key)} ${keyFingerprint(key)}`;
    return verdict.kind === 'unknown'
      ? this.#unknown(verdict.otherTypes, fingerprint)
      : this.#distrusted(verdict, fingerprint);
  }

  #unknown(otherTypes: readonly string[], fingerprint: string): AppError {
    const file = this.#target.knownHostsFiles[0] ?? '~/.ssh/known_hosts';
    const others = otherTypes.length > 0 ? ` (only ${otherTypes.join(', ')} is)` : '';
    const command = sshCommand(this.#target, [`UserKnownHostsFile="${file}"`, 'StrictHostKeyChecking=ask']);
    return new AppError({
      code: 'host-key-unknown',
      message: `${titleOf(this.#target)} shows the key ${fingerprint}, which is not in ${file}${others}. Nothing was sent.`,
      nextStep:
        `Run once: ${command}; compare the fingerprint with the machine's own ` +
        '(on it: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub) before you answer yes.',
    });
  }

  #distrusted(verdict: HostKeyVerdict & { kind: 'changed' | 'revoked' }, fingerprint: string): AppError {
    const { file, lineNumber } = verdict.line;
    const isRevoked = verdict.kind === 'revoked';
    return new AppError({
      code: 'host-key-changed',
      message: isRevoked
        ? `${titleOf(this.#target)} shows the key ${fingerprint}, which ${file}, line ${lineNumber}, says is revoked. Nothing was sent.`
        : `${titleOf(this.#target)} shows the key ${fingerprint}, but ${file}, line ${lineNumber}, has ` +
          `${keyFingerprint(verdict.line.key)}: the machine was set up again, or another one answers. Nothing was sent.`,
      nextStep: isRevoked
        ? 'Do not connect to it until its administrator has given it a new key.'
        : `Ask the administrator of the machine. If it was set up again: ssh-keygen -R "${this.#names.name}" -f "${file}", then connect ` +
          'once with ssh and check the fingerprint.',
    });
  }
}

/** `SHA256:…`, as OpenSSH shows it. */
export function keyFingerprint(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
}

function namesOf(target: SshTarget): HostNames {
  const isPlain = target.hostKeyAlias !== null || target.port === 22;
  return { name: keyNameOf(target), fallback: isPlain ? null : target.hostname.toLowerCase() };
}

/** The type of the keys an algorithm signs with: RSA's signatures have names of their own. */
function typeOf(algorithm: ServerHostKeyAlgorithm): string {
  return algorithm.startsWith('rsa-') ? 'ssh-rsa' : algorithm;
}

async function linesOf(file: string): Promise<readonly KnownHostLine[]> {
  try {
    return parseKnownHosts(await readFile(file, 'utf8'), file);
  } catch {
    return [];
  }
}

/**
 * Judges a host's key the way OpenSSH does: a revoked key is refused whatever else is on file; then one line with
 * the very key suffices; then a different key of the same type means that the key changed.
 */
export function judgeHostKey(lines: readonly KnownHostLine[], names: HostNames, key: Buffer): HostKeyVerdict {
  const verdict = judgeByName(lines, names.name, key);
  if (verdict.kind !== 'unknown' || names.fallback === null) return verdict;
  const other = judgeByName(lines, names.fallback, key);
  return other.kind === 'known' || other.kind === 'revoked' ? other : verdict;
}

/** Types of the keys on file for a host, in the order of the files. */
export function keyTypesOnFile(lines: readonly KnownHostLine[], names: HostNames): readonly string[] {
  const own = typesFor(lines, names.name);
  return own.length > 0 || names.fallback === null ? own : typesFor(lines, names.fallback);
}

function judgeByName(lines: readonly KnownHostLine[], name: string, key: Buffer): HostKeyVerdict {
  const matching = lines.filter((line) => matchesHost(line.hosts, name));
  const same = matching.filter((line) => line.key.equals(key));
  const revoked = same.find((line) => line.marker === 'revoked');
  if (revoked) return { kind: 'revoked', line: revoked };
  const known = same.find((line) => line.marker === 'none');
  if (known) return { kind: 'known', line: known };
  const type = keyTypeOf(key);
  const changed = matching.find((line) => line.marker === 'none' && line.keyType === type);
  if (changed) return { kind: 'changed', line: changed };
  return { kind: 'unknown', otherTypes: typesFor(matching, name) };
}

function typesFor(lines: readonly KnownHostLine[], name: string): readonly string[] {
  const types = lines
    .filter((line) => line.marker === 'none' && matchesHost(line.hosts, name))
    .map((line) => line.keyType);
  return [...new Set(types)];
}
