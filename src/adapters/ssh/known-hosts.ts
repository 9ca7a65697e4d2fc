import { createHash } from 'node:crypto';
import type { ServerHostKeyAlgorithm } from 'ssh2';
import { AppError } from '../../errors/app-error.ts';
import { readWhole } from '../files/bounded-read.ts';
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

export interface KnownHosts {
  /** Algorithms to ask the host for: those whose keys are on file first, so that it shows a key that can be checked. */
  readonly wantedAlgorithms: ServerHostKeyAlgorithm[];
  /** Null when the key is on file, else the refusal: without the check nothing is sent. */
  refusalOf(key: Buffer): AppError | null;
}

/**
 * Reads the target's files, for each connection again, so that a key just added counts at once. A missing file has no
 * lines, so that every key in it is unknown.
 */
export async function readKnownHosts(target: SshTarget): Promise<KnownHosts> {
  const lines = (await Promise.all(target.knownHostsFiles.map(linesOf))).flat();
  const names = namesOf(target);
  const types = keyTypesOnFile(lines, names);
  const known = types.flatMap((type) => algorithms.filter((algorithm) => typeOf(algorithm) === type));
  return {
    wantedAlgorithms: [...new Set([...known, ...algorithms])],
    refusalOf: (key) => {
      const verdict = judgeHostKey(lines, names, key);
      if (verdict.kind === 'known') return null;
      const fingerprint = `${keyTypeOf(key)} ${keyFingerprint(key)}`;
      return verdict.kind === 'unknown'
        ? unknownKey(target, verdict.otherTypes, fingerprint)
        : distrustedKey(target, names, verdict, fingerprint);
    },
  };
}

function unknownKey(target: SshTarget, otherTypes: readonly string[], fingerprint: string): AppError {
  const file = target.knownHostsFiles[0] ?? '~/.ssh/known_hosts';
  const others = otherTypes.length > 0 ? ` (only ${otherTypes.join(', ')} is)` : '';
  const command = sshCommand(target, [`UserKnownHostsFile="${file}"`, 'StrictHostKeyChecking=ask']);
  return new AppError({
    code: 'host-key-unknown',
    message: `${titleOf(target)} shows the key ${fingerprint}, which is not in ${file}${others}. Nothing was sent.`,
    nextStep:
      `Run once: ${command}; compare the fingerprint with the machine's own ` +
      '(on it: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub) before you answer yes.',
  });
}

function distrustedKey(
  target: SshTarget,
  { name }: HostNames,
  { kind, line }: HostKeyVerdict & { kind: 'changed' | 'revoked' },
  fingerprint: string,
): AppError {
  const { file, lineNumber } = line;
  const shown = `${titleOf(target)} shows the key ${fingerprint}`;
  if (kind === 'revoked')
    return new AppError({
      code: 'host-key-changed',
      message: `${shown}, which ${file}, line ${lineNumber}, says is revoked. Nothing was sent.`,
      nextStep: 'Do not connect to it until its administrator has given it a new key.',
    });
  return new AppError({
    code: 'host-key-changed',
    message:
      `${shown}, but ${file}, line ${lineNumber}, has ${keyFingerprint(line.key)}: ` +
      'the machine was reinstalled, or another machine answers. Nothing was sent.',
    nextStep:
      `Ask the administrator of the machine. If it was reinstalled: ssh-keygen -R "${name}" -f "${file}", then connect ` +
      'once with ssh and check the fingerprint.',
  });
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
  return parseKnownHosts(await readWhole(file).then(String, () => ''), file);
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
