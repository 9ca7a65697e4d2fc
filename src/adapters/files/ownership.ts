import type { Stats } from 'node:fs';
import { shellQuoted } from '../../core/run/shell-quoted.ts';

/** Who besides this user can write to a file: the end of a sentence; null where only they and root can. */
export function whoElseWrites({ uid, gid, mode }: Pick<Stats, 'uid' | 'gid' | 'mode'>): string | null {
  const user = process.getuid?.();
  // Windows has neither owners of this sort nor modes.
  if (user === undefined) return null;
  const isBehindSudo = user === 0 && process.env['SUDO_UID'] === String(uid);
  if (uid !== user && uid !== 0 && !isBehindSudo) return 'it belongs to another user';
  if ((mode & 0o002) !== 0) return 'every user may write to it';
  // The group of a user's own, which many systems give to new files.
  if ((mode & 0o020) !== 0 && gid !== process.getgid?.() && gid !== 0) return 'its group may write to it';
  return null;
}

/** What to do about a file to which others may write. */
export function ownershipFix(path: string, othersMayWrite: string): string {
  return othersMayWrite.includes('belongs')
    ? `Copy it, so that it is yours, once you have read it: cp ${shellQuoted(path)} COPY`
    : `Allow it to yourself alone: chmod go-w ${shellQuoted(path)}`;
}
