import { type KnownHostLine, keyTypeOf, matchesHost } from './known-hosts-lines.ts';

/** What `known_hosts` says about the key a host showed. */
export type HostKeyVerdict =
  | { readonly kind: 'known'; readonly line: KnownHostLine }
  /** `otherTypes`: types of the keys that are on file for the host, when only the one it showed is not. */
  | { readonly kind: 'unknown'; readonly otherTypes: readonly string[] }
  /** Another key of the same type is on file. */
  | { readonly kind: 'changed'; readonly line: KnownHostLine }
  | { readonly kind: 'revoked'; readonly line: KnownHostLine };

/** The names a host's key may be filed under: with the port first, then without, as OpenSSH looks them up. */
export interface HostNames {
  readonly name: string;
  /** Looked at when `name` is not on file at all, and good only for saying yes. */
  readonly fallback: string | null;
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
