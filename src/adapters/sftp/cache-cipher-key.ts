import { createSecretKey } from 'node:crypto';
import type { SFTPWrapper } from 'ssh2';

/**
 * Makes the key of an outgoing AES-GCM stream a key object, and with that writes into a private field of ssh2: the only
 * such place, see docs/decisions/0026-own-code-beside-libraries.md. ssh2's JavaScript cipher gives Node the bare bytes
 * with every packet, and Node takes longer to import them than to encrypt the packet. Does nothing where ssh2's native
 * cipher is built, and nothing when the field is not the bare key that it is today.
 *
 * @returns whether the key was replaced.
 */
export function cacheCipherKey(sftp: SFTPWrapper): boolean {
  const cipher = fieldOf(fieldOf(sftp, '_protocol'), '_cipher');
  const key = fieldOf(cipher, '_encKey');
  if (cipher === null || !(key instanceof Uint8Array)) return false;
  return Reflect.set(cipher, '_encKey', createSecretKey(key));
}

function fieldOf(whole: object | null, name: string): object | null {
  const field: unknown = whole === null ? null : Reflect.get(whole, name);
  return typeof field === 'object' ? field : null;
}
