import { createHash } from 'node:crypto';

/** Raised when what is made of the same segment changes. */
const segmentKeyVersion = 1;

/**
 * Identity of a segment: hex SHA-256 over everything that its bytes depend on. Lanes are left out: how many work side by
 * side changes nothing.
 */
export function segmentKey(identity: Readonly<Record<string, unknown>>): string {
  const text = JSON.stringify([segmentKeyVersion, identity]);
  return createHash('sha256').update(text, 'utf8').digest('hex');
}
