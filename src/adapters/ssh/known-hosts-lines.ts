import { createHmac, timingSafeEqual } from 'node:crypto';

export interface KnownHostLine {
  /** `cert-authority` lines vouch for certificates, which are not used here: never for a plain key. */
  readonly marker: 'none' | 'revoked' | 'cert-authority';
  /** The first column: patterns separated by commas, or one hashed name. */
  readonly hosts: string;
  /** Such as `ssh-ed25519`. */
  readonly keyType: string;
  /** The public key as it goes over the wire. */
  readonly key: Buffer;
  readonly file: string;
  /** From 1. */
  readonly lineNumber: number;
}

/** Reads a file in OpenSSH's format. Comments, empty and broken lines are passed over, as OpenSSH does. */
export function parseKnownHosts(text: string, file: string): readonly KnownHostLine[] {
  return text.split('\n').flatMap((line, index) => parseLine(line.trim(), file, index + 1) ?? []);
}

/**
 * Whether the first column of a line is about a host.
 *
 * @param name - In lower case: `host`, `[host]:port` for a port other than 22, or an alias.
 */
export function matchesHost(hosts: string, name: string): boolean {
  return hosts.startsWith('|') ? matchesHashed(hosts, name) : matchesPatterns(hosts, name);
}

function parseLine(line: string, file: string, lineNumber: number): KnownHostLine | null {
  if (line === '' || line.startsWith('#')) return null;
  const columns = line.split(/\s+/);
  const marker = line.startsWith('@') ? parseMarker(columns.shift() ?? '') : 'none';
  const [hosts, keyType, encoded] = columns;
  if (marker === null || !hosts || !keyType || !encoded) return null;
  const key = Buffer.from(encoded, 'base64');
  return keyTypeOf(key) === keyType ? { marker, hosts, keyType, key, file, lineNumber } : null;
}

function parseMarker(text: string): 'revoked' | 'cert-authority' | null {
  if (text === '@revoked') return 'revoked';
  return text === '@cert-authority' ? 'cert-authority' : null;
}

/** The type a public key says it has: its first string, after four bytes of length. Empty for what is no key. */
export function keyTypeOf(key: Buffer): string {
  if (key.length < 4) return '';
  const length = key.readUInt32BE(0);
  return 4 + length < key.length ? key.toString('latin1', 4, 4 + length) : '';
}

/** `|1|salt|hash`: HMAC-SHA1 of the name with the salt as its key. */
function matchesHashed(hosts: string, name: string): boolean {
  const [, kind, salt, hash] = hosts.split('|');
  if (kind !== '1' || !salt || !hash) return false;
  const wanted = Buffer.from(hash, 'base64');
  const found = createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest();
  return wanted.length === found.length && timingSafeEqual(wanted, found);
}

/** A negated pattern that fits rules the line out, whatever the others say. */
function matchesPatterns(hosts: string, name: string): boolean {
  let isMatched = false;
  for (const pattern of hosts.toLowerCase().split(',')) {
    const isNegated = pattern.startsWith('!');
    if (!matchesPattern(isNegated ? pattern.slice(1) : pattern, name)) continue;
    if (isNegated) return false;
    isMatched = true;
  }
  return isMatched;
}

/** `*` stands for any text, `?` for one character. Takes at most pattern length × name length steps. */
function matchesPattern(pattern: string, name: string): boolean {
  let at = 0;
  let star = -1;
  let resumeAt = 0;
  let inPattern = 0;
  while (at < name.length) {
    const wanted = pattern[inPattern];
    if (wanted === '*') {
      star = inPattern++;
      resumeAt = at;
    } else if (wanted !== undefined && (wanted === '?' || wanted === name[at])) {
      inPattern++;
      at++;
    } else if (star >= 0) {
      inPattern = star + 1;
      at = ++resumeAt;
    } else {
      return false;
    }
  }
  while (pattern[inPattern] === '*') inPattern++;
  return inPattern === pattern.length;
}
